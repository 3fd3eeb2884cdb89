"""What ends with a full stop and is no end of a sentence."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Something always follows: a name, an example, the other side.
ALWAYS_GOES_ON = _words(
    """
    mr mrs ms mx dr prof rev hon pres gov sen rep gen col maj capt cpt cmdr lt sgt cpl adm mt messrs mme mmes mlle
    mlles mgr hr frl dipl ing sr sra srta srs sras dña dn sig dott dssa avv on gebr hl bzw ggf vgl sog insb inkl
    exkl evtl vs viz cf ca approx al bspw mind max min zzgl bezgl geb gest resp op cit ibid eg ie e.g i.e z.b d.h
    u.a z.t u.u i.d.r o.ä m.e s.o s.u i.a v.a z.hd p.ej b.v t.ex d.v.s f.eks г ул им пр пер гл стр рис табл тов гр
    акад доц см ср напр т.е т.к т.н и.о пп вул ім р.р डॉ श्री सुश्री कु प्रो पं सं
    """
)
# It may end a sentence: then what follows begins with a capital letter.
MAY_END = _words(
    """
    etc usw inc ltd co corp bros jr esq est dept univ assn ave blvd rd hwy bldg jan feb mar apr jun jul aug sep sept
    oct nov dec okt dez mon tue tues wed thu thur thurs fri sat sun st str bhf usf ff a.m p.m a.d b.c b.c.e c.e ph.d
    m.d b.a m.a d.c u.s u.k u.n u.s.a e.u n.chr v.chr n.c v.c m.in ssp etw jh jhd jhdt mio mrd tsd std sek ml tel
    abb т.д т.п и.др др н.э л млн млрд тыс руб коп им.п
    """
)
# No end where a number follows.
BEFORE_NUMBER = _words(
    """
    no nr nos p pp art arts abs kap cap chap ch sec sect fig figs vol vols bd bde s st ex eq v vv par n num núm nº
    pág págs pag tel ed lib bk pt tab anm ziff rn ст стр гл рис табл т п пп №
    """
)
MONTHS = _words(
    """
    january february march april may june july august september october november december januar februar märz mai
    juni juli oktober dezember jänner feber janvier février mars avril juin juillet août septembre octobre novembre
    décembre janeiro maj lipca maja ledna března
    """
)
# A capital letter after "U.S." or "3." may be a name; these are no names.
STARTERS = _words(
    """
    the a an he she it they we you i his her its their our your my this that these those there here then when where
    what who why how but and or so if as in on at for from with after before while although though because however
    still now yet no not nobody everyone all some many most one er sie es wir ihr ich du dann da dort hier doch aber
    und oder als wenn nachdem bevor weil obwohl jedoch nun nein ja danach dies dieser diese dieses das der die ein
    eine man niemand alle il elle ils elles nous vous je tu mais et ou donc ni car puis él ella ellos nosotros yo
    pero y luego он она оно они мы вы я но и а затем потом это
    """
)
# Languages that write "3." for "third".
ORDINAL_DOT = _words(
    """
    de da nb no nn fi et cs sk sl hr sr bs hu pl lv is tr lb eu
    """
)
