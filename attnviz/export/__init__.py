"""Export: the numbers behind a picture as files, each with where it is from."""
