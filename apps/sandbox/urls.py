from django.urls import path

from apps.sandbox import files, images, long_speech, music, speech, video_templates, videos, views, voices
from apps.sandbox.chatting import anthropic_surface, openai_surface

urlpatterns = [
    path("healthz", views.health),
    path("v1/t2a_v2", speech.text_to_audio),
    path("v1/t2a_async_v2", long_speech.create_long_speech),
    path("v1/query/t2a_async_query_v2", long_speech.query_long_speech),
    path("v1/image_generation", images.create_images),
    path("v1/music_generation", music.create_music),
    path("v1/lyrics_generation", music.create_lyrics),
    path("v1/video_generation", videos.create_video),
    path("v1/query/video_generation", videos.query_video),
    path("v1/video_template_generation", video_templates.create_template_video),
    path("v1/query/video_template_generation", video_templates.query_template_video),
    path("anthropic/v1/messages", anthropic_surface.create_message),
    path("anthropic/v1/messages/count_tokens", anthropic_surface.count_tokens),
    path("anthropic/v1/models", anthropic_surface.list_models),
    path("anthropic/v1/models/<str:name>", anthropic_surface.show_model),
    path("v1/chat/completions", openai_surface.create_completion),
    path("v1/text/chatcompletion_v2", openai_surface.create_native_completion),
    path("v1/models", openai_surface.list_models),
    path("v1/models/<str:name>", openai_surface.show_model),
    path("v1/voice_clone", voices.clone_voice),
    path("v1/voice_design", voices.design_voice),
    path("v1/get_voice", voices.get_voice),
    path("v1/delete_voice", voices.delete_voice),
    path("v1/files", files.older_files),
    path("v1/files/upload", files.upload_file),
    path("v1/files/list", files.list_files),
    path("v1/files/retrieve", files.retrieve_file),
    path("v1/files/retrieve_content", files.retrieve_content),
    path("v1/files/delete", files.delete_file),
    path("v1/token_plan/remains", views.token_plan),
    path("account/query_balance", views.query_balance),
    path("files/<str:token>/<str:filename>", files.linked_file),
    path("sandbox/faults", views.sandbox_faults),
    path("sandbox/accounts", views.sandbox_accounts),
    path("sandbox/invoice", views.sandbox_invoice),
    path("sandbox/requests", views.sandbox_requests),
    path("sandbox/state", views.sandbox_state),
    path("sandbox/voices", voices.sandbox_voices),
]

handler404 = "apps.sandbox.views.not_found"
handler500 = "apps.sandbox.views.failed"
