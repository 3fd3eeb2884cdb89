from apps.workspaces.consumers import MemberConsumer


class SpeechConsumer(MemberConsumer):
    """The live speech socket of one page."""
