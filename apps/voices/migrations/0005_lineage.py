from django.db import migrations


def look_back(apps, schema_editor):
    """What was spoken with a cloned voice comes from its recording too; what is kept from now on says so itself."""
    Asset, Derivation = apps.get_model("library", "Asset"), apps.get_model("library", "Derivation")
    for voice in apps.get_model("voices", "Voice").objects.exclude(sample=None).iterator():
        alias = f"voice:{voice.pk}"
        ours = Asset.objects.filter(workspace=voice.workspace_id).exclude(pk=voice.sample_id)
        spoken = set(ours.filter(voice_id__in=[alias, str(voice.pk)]).values_list("pk", flat=True))
        spoken |= set(ours.filter(request__voice=str(voice.pk)).values_list("pk", flat=True))
        spoken |= set(ours.filter(request__voice_id=alias).values_list("pk", flat=True))
        rows = [Derivation(child_id=pk, parent_id=voice.sample_id, role="voice") for pk in spoken]
        Derivation.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("voices", "0004_consent_words"), ("library", "0003_lineage")]

    operations = [migrations.RunPython(look_back, migrations.RunPython.noop)]
