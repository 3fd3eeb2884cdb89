"""What a person reads when something fails, in English. The apps pass these through gettext; `gettext_noop` is how
makemessages finds them. `%(name)s` is filled in from `error.params` after translation."""

from __future__ import annotations


def gettext_noop(message: str) -> str:
    return message


# what happened
UNREACHABLE = gettext_noop("MiniMax could not be reached.")
SILENT = gettext_noop("MiniMax did not answer in time.")
DROPPED = gettext_noop("The connection to MiniMax broke off before there was an answer.")
ENDED_EARLY = gettext_noop("The connection to MiniMax broke off before the audio was complete.")
WENT_SILENT = gettext_noop("MiniMax stopped sending before the audio was complete.")
CLOSED_EARLY = gettext_noop("MiniMax closed the live connection before everything was spoken.")
IDLE = gettext_noop("MiniMax closed the live connection because no text came for two minutes.")
NOT_JSON = gettext_noop("The answer was not one that MiniMax gives (HTTP %(status)s).")
NO_RESULT = gettext_noop("MiniMax reported success but sent no result.")
BAD_AUDIO = gettext_noop("The audio that MiniMax sent is damaged.")
SHORT_AUDIO = gettext_noop("The audio that MiniMax sent is shorter than it announced.")
BAD_SUBTITLES = gettext_noop("The subtitles could not be read.")
KEY_UNREADABLE = gettext_noop("This does not look like a MiniMax key: it is empty or has characters no key has.")
KEY_REFUSED = gettext_noop(
    "MiniMax did not accept the key. Either the key is wrong, or it belongs to the other region: "
    "global and mainland keys do not work on each other's servers."
)
ADDRESS_UNUSABLE = gettext_noop("The address of the connection is not a web address.")
ADDRESS_WRONG = gettext_noop("There is no MiniMax API at this address (HTTP %(status)s).")
FORBIDDEN = gettext_noop("MiniMax refused access (HTTP %(status)s).")
RATE_REQUESTS = gettext_noop("Too many requests at once: the account's limit per minute is reached.")
RATE_CHARACTERS = gettext_noop("Too much text at once: the account's limit per minute is reached.")
RATE_CONNECTIONS = gettext_noop("Too many connections at once for this account.")
RATE_GROWTH = gettext_noop("The number of requests grew too fast for MiniMax.")
OVERLOADED = gettext_noop("MiniMax has too much to do right now.")
BALANCE = gettext_noop("The MiniMax account has no balance left.")
QUOTA = gettext_noop("The plan's quota for this period is used up.")
PLAN = gettext_noop("The plan of this key does not include the model.")
INPUT_REJECTED = gettext_noop("MiniMax refused the text: its content check flagged it.")
OUTPUT_REJECTED = gettext_noop("MiniMax withheld the result: its content check flagged what came out.")
INVISIBLE = gettext_noop("More than a tenth of the text consists of invisible characters.")
INVALID = gettext_noop("MiniMax did not accept the settings.")
INVALID_DETAIL = gettext_noop("MiniMax did not accept the settings: %(detail)s")
TOO_LARGE = gettext_noop("The request is too large for MiniMax.")
UNENCODABLE = gettext_noop("The text holds characters that cannot be sent.")
VOICE_UNKNOWN = gettext_noop("MiniMax does not know this voice, or the sample is not valid.")
VOICE_FOREIGN = gettext_noop("This voice belongs to another MiniMax account.")
VOICE_TAKEN = gettext_noop("A voice with this id exists already.")
SAMPLE_LENGTH = gettext_noop("The sample must last between 10 seconds and 5 minutes.")
PROMPT_LENGTH = gettext_noop("The example recording must be shorter than 8 seconds.")
CLONING_CLOSED = gettext_noop("This MiniMax account may not clone voices yet.")
TRANSCRIPT_DIFFERS = gettext_noop("The recording does not match the text that was given for it.")
PROMPT_DIFFERS = gettext_noop("The example recording does not match the sample.")
TEXT_EMPTY = gettext_noop("An empty text was skipped.")
TEXT_TOO_LONG = gettext_noop("A text that is too long was skipped.")
BAD_ORDER = gettext_noop("MiniMax did not expect this step of the live connection.")
TROUBLE = gettext_noop("MiniMax had a problem of its own.")
TROUBLE_STATUS = gettext_noop("MiniMax had a problem of its own (HTTP %(status)s).")
BAD_PICTURE = gettext_noop("A picture that MiniMax sent is damaged.")
ALL_WITHHELD = gettext_noop("MiniMax withheld every picture because of its content rules.")
LINK_ENDED = gettext_noop("The link to the result has ended.")
TOO_LONG = gettext_noop("What MiniMax sent is larger than any result can be.")
OTHER = gettext_noop("MiniMax reported a problem (code %(code)s).")

# what to do next
TRY_AGAIN = gettext_noop("Try again in a moment.")
WAIT = gettext_noop("Wait a minute, then try again.")
WAIT_WINDOW = gettext_noop("Wait for the next window of the plan, or buy credits.")
CHECK_BALANCE = gettext_noop("Ask whoever looks after the MiniMax account to top it up.")
CHECK_PLAN = gettext_noop("Choose another model, or use a pay-as-you-go key.")
CHECK_KEY = gettext_noop("Check the key and its region in the workspace's connection.")
CHECK_ADDRESS = gettext_noop("Check the address in the workspace's connection.")
CHECK_NETWORK = gettext_noop("Check the network and the address of the connection, then try again.")
CHANGE_TEXT = gettext_noop("Change the text and try again.")
CHANGE_SETTINGS = gettext_noop("Change the settings and try again.")
REMOVE_INVISIBLE = gettext_noop("Remove the invisible characters; pasting as plain text helps.")
CHOOSE_VOICE = gettext_noop("Choose another voice.")
CHOOSE_ID = gettext_noop("Choose another id.")
CHOOSE_RECORDING = gettext_noop("Use another recording.")
VERIFY_ACCOUNT = gettext_noop("Verify the account's identity on the MiniMax platform first.")
DECIDE = gettext_noop("It may have been charged. Look at the account's usage before you repeat it.")
SPEAK_AGAIN = gettext_noop("Start speaking again to open a new connection.")
REPORT = gettext_noop("If it happens again, give MiniMax support the trace id.")
