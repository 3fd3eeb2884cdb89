"""Pictures from words: numpy lays down the light, Pillow the shapes. The same job gives the same bytes."""
