package media

import "io"

const generatorEnv = "CALLBOX_MEDIA_GENERATOR"

func generate(in io.Reader, out io.Writer) int { return 0 }
