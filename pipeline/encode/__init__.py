"""A text as the encoder reads it, and what it answers: tags of source, cue and content, and links between them."""
