"""Lines to write songs from, by their rhyme. {thing} is what the song is about, {image} something seen near it."""

from __future__ import annotations

RHYMES: dict[str, tuple[str, ...]] = {
    "ight": (
        "I saw {image} in the morning light",
        "We kept on walking through the quiet night",
        "A little window with a yellow light",
        "I never thought that I would feel all right",
        "You held my hand and held it tight",
        "The whole wide valley fading out of sight",
        "Oh {thing}, you were burning bright",
    ),
    "ay": (
        "I left my worries where the children play",
        "There is so much I never got to say",
        "I hear {image} calling far away",
        "Another letter at the end of May",
        "The clouds are breaking and they drift away",
        "I think of {thing} every single day",
        "You smiled at me in your easy way",
    ),
    "ain": (
        "I hear your footsteps in the summer rain",
        "A name is written on the window pane",
        "I took a ticket for the early train",
        "And nothing here will ever be the same",
        "I see {image} down the muddy lane",
        "Tell me the story, tell it once again",
        "We danced for {thing} in the pouring rain",
    ),
    "ear": (
        "The road is empty and the sky is clear",
        "I count the stations and you still feel near",
        "There is a song that only we can hear",
        "And all at once {image} felt so near",
        "I waited longer than I have all year",
        "We spoke of {thing} till the end was here",
    ),
    "ome": (
        "The river carries every stone",
        "I followed {image} through the unknown",
        "Somebody left a light on at home",
        "A thousand miles on a telephone",
        "However far the feet may roam",
        "With {thing} beside me I am never alone",
    ),
    "ound": (
        "We turned the volume up and shook the ground",
        "I lost a penny that I never found",
        "The leaves are falling and they make no sound",
        "I look for {image} all around",
        "Without you, {thing}, this is just a town",
        "The wheel of morning goes around",
    ),
    "ea": (
        "The wind is talking to the open sea",
        "I left the door ajar for you and me",
        "Show me {image} that I long to see",
        "There is no better place to be",
        "It was {thing} that set me free",
        "A paper boat beneath the willow tree",
    ),
    "art": (
        "I drew a map of where the rivers start",
        "You had a way of reading every part",
        "I keep {image} hanging in my heart",
        "We were together and a world apart",
        "Oh {thing}, you are a work of art",
        "I knew it even from the very start",
    ),
    "old": (
        "The kitchen window filled with gold",
        "A story waiting to be told",
        "I keep {image} against the cold",
        "We said that we would not grow old",
        "I still have {thing} to hold",
        "The coffee on the sill went cold",
    ),
    "un": (
        "My shadow grows before the sinking sun",
        "We counted swallows one by one",
        "I saw {image} and began to run",
        "And every day has only begun",
        "Oh {thing}, look what you have done",
        "There is no race that must be won",
    ),
    "ove": (
        "The moon is watching from the hill above",
        "I wrote a letter to the ones I love",
        "It is {image} that I am dreaming of",
        "It fits my heart the way it fits a glove",
        "And {thing} is what my dreams are made of",
    ),
    "ire": (
        "A bird is singing on the wire",
        "We sat together by the fire",
        "I saw {image} climbing higher",
        "The city hums like a distant choir",
        "Oh {thing}, you are my one desire",
    ),
}

CHORUSES: tuple[tuple[str, ...], ...] = (
    (
        "{Hook}, carry me home tonight",
        "{Hook}, under the city light",
        "Hold on, hold on, it will be all right",
        "{Hook}, carry me home tonight",
    ),
    (
        "{Hook}, oh, I will follow you",
        "Through every storm that we go through",
        "{Hook}, the sky is turning blue",
        "Wherever you are, I will follow you",
    ),
    (
        "{Hook}, sing it out again",
        "Louder than the falling rain",
        "{Hook}, you can ease the pain",
        "Sing it out, sing it out again",
    ),
    (
        "And I say {hook}, stay with me",
        "Wild as the wind and running free",
        "{Hook}, you are all I see",
        "Oh, stay with me, stay with me",
    ),
    (
        "{Hook}, let it shine on me",
        "Over the hills and over the sea",
        "{Hook}, I was born to be",
        "Here in the light, let it shine on me",
    ),
    (
        "{Hook}, we are not afraid of the dark",
        "One little fire and one little spark",
        "{Hook}, you have left your mark",
        "We will light up, light up the dark",
    ),
)
BEFORE = (
    ("And I can feel it coming", "My heart is slowly drumming"),
    ("So take a breath and listen", "The silent roofs all glisten"),
    ("If you are lost, remember", "The glow of the last ember"),
    ("The clock is running faster", "I do not need a master"),
)
BRIDGES = (
    (
        "When the music fades to grey",
        "I will not let it slip away",
        "Every word we did not say",
        "Comes to me as clear as day",
    ),
    (
        "Slow it down and let me breathe",
        "There is more than I believe",
        "All the autumn in the leaves",
        "All the hope beneath our sleeves",
    ),
    (
        "Maybe we were made to fall",
        "Maybe we can have it all",
        "Hear the echo down the hall",
        "Hear the open mountains call",
    ),
)
OUTROS = (("Oh, {hook}", "Oh, {hook}"), ("Carry me home, {hook}",), ("{Hook}, {hook}", "I will follow you"))

# Words of a prompt, and what is seen near them.
SCENES: dict[str, tuple[str, ...]] = {
    r"sea|ocean|beach|wave\w*|tide|island|boat|ship|harbou?r|lighthouse|sailor": (
        "a silver sail",
        "the salty spray",
        "the morning tide",
        "a distant shore",
    ),
    r"city|street\w*|neon|subway|skyline|town|taxi": (
        "the neon signs",
        "a taxi cab",
        "the roof-top lights",
        "the midnight crowd",
    ),
    r"summer|sun\w*|vacation|july": ("the lemon trees", "the barefoot days", "a field of gold", "the dusty road"),
    r"winter|snow\w*|christmas|ice|cold": ("the falling snow", "the frozen lake", "a candle flame", "the silent pines"),
    r"road|drive|car|truck|highway|travel\w*|journey": (
        "the endless road",
        "the dashboard lights",
        "a desert sky",
        "the white lines",
    ),
    r"rain\w*|storm\w*|thunder": ("the thunder clouds", "the wet black street", "a broken umbrella", "the pouring sky"),
    r"star\w*|moon\w*|space|galaxy|sky|cosm\w*": (
        "the Milky Way",
        "a falling star",
        "the silver moon",
        "the northern lights",
    ),
    r"night\w*|midnight|dream\w*": ("the sleeping town", "a paper moon", "the midnight train", "the quiet stars"),
    r"love\w*|heart\w*|kiss\w*|romance|wedding|you": (
        "your gentle eyes",
        "two coffee cups",
        "your winter coat",
        "a velvet rose",
    ),
    r"dance\w*|party|club|friday": ("the mirror ball", "the flashing lights", "a thousand hands", "the open floor"),
    r"hero\w*|battle|war\w*|king\w*|dragon\w*|brave": (
        "the banners high",
        "a sword of fire",
        "the castle walls",
        "the marching drums",
    ),
    r"friend\w*|home|family|mother|father|child\w*": (
        "the kitchen light",
        "the garden gate",
        "an old guitar",
        "the apple tree",
    ),
    r"coffee|morning|breakfast|sunday": ("the rising steam", "a morning bird", "the paper boy", "the open blinds"),
    r"forest|mountain\w*|river|tree\w*|bird\w*|nature": (
        "the tall green pines",
        "a running deer",
        "the mountain stream",
        "the morning mist",
    ),
}
ANYWHERE = ("the open road", "a paper plane", "the evening star", "the passing clouds")
THEMES = (
    "a lighthouse in the storm",
    "coming home late at night",
    "an old friend and a guitar",
    "the last train of summer",
    "dancing in the kitchen",
    "a letter from the sea",
    "the morning after the snow",
    "stars over the city",
)

CHINESE_VERSES = (
    ("清晨的风吹过窗台", "你的笑容慢慢盛开", "远方的云朵飘过来", "我在这里静静等待"),
    ("街灯照着旧的小巷", "我还记得你的模样", "时光轻轻流过身旁", "带走一路花的芬芳"),
    ("雨后的天空那么蓝", "我们走过山和海岸", "听见远处潮水呼唤", "心里住着一片温暖"),
    ("星星落在你的眼睛", "夜色温柔又安静", "我把故事说给你听", "直到天边亮起黎明"),
)
CHINESE_CHORUSES = (
    ("{hook}，带我飞向远方", "{hook}，照亮我的梦想", "不管路有多么漫长", "我都跟随着你的光"),
    ("{hook}，请你留在身边", "{hook}，陪我走过明天", "就算世界改变了脸", "这份心意永远不变"),
)
CHINESE_BRIDGE = ("如果有一天我们分开", "请把这首歌留下来", "让风把思念带到天外", "让爱在歌声里盛开")
