from apps.workspaces.access import find_member


def test_a_stranger_has_no_membership(creator, stranger):
    assert find_member(creator.user, "night-shift") == creator
    assert find_member(stranger.user, "night-shift") is None
