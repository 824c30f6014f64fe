package array

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// contents names what files begin with that are no arrays, and what to do about them.
var contents = []struct {
	start string
	at    int
	name  string
}{
	{"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 0, "an old PyTorch .pt/.pth pickle, " + want + ": " + saveTorch},
	{"\x1f\x8b", 0, "a gzip file, " + want + ": unpack it with gunzip"},
	{"BZh", 0, "a bzip2 file, " + want + ": unpack it with bunzip2"},
	{"\xfd7zXZ\x00", 0, "an xz file, " + want + ": unpack it with unxz"},
	{"\x28\xb5\x2f\xfd", 0, "a zstd file, " + want + ": unpack it with unzstd"},
	{"\x04\x22\x4d\x18", 0, "an lz4 file, " + want + ": unpack it with unlz4"},
	{"7z\xbc\xaf\x27\x1c", 0, "a 7z archive, " + want + ": unpack it"},
	{"ustar", 257, "a tar archive, " + want + ": unpack it"},
	{"\x89HDF\r\n\x1a\n", 0, "an HDF5 file, " + want + ": save with np.save what h5py reads"},
	{"CDF\x01", 0, "a NetCDF file, " + want},
	{"CDF\x02", 0, "a NetCDF file, " + want},
	{"MATLAB ", 0, "a MATLAB file, " + want + ": save with np.save what scipy.io.loadmat reads"},
	{"PAR1", 0, "a Parquet file, " + want},
	{"ARROW1", 0, "an Arrow file, " + want},
	{"FEA1", 0, "a Feather file, " + want},
	{"\x89PNG\r\n\x1a\n", 0, "a PNG image, " + want},
	{"\xff\xd8\xff", 0, "a JPEG image, " + want},
	{"GGUF", 0, "a GGUF file, " + want},
	{"\x7fELF", 0, "a program (ELF), " + want},
	{"%PDF-", 0, "a PDF document, " + want},
	{"version https://git-lfs.github.com/spec/", 0, "a Git LFS pointer, " + want + ": fetch the file with git lfs pull"},
}

// saveTorch is what to do instead of torch.save.
const saveTorch = "save with np.save, np.savez or safetensors.torch.save_file"

// content says what a file without arrays looks like, and what is wanted instead.
func content(data []byte) string {
	for _, c := range contents {
		if len(data) >= c.at && bytes.HasPrefix(data[c.at:], []byte(c.start)) {
			return c.name
		}
	}
	switch head := data[:min(len(data), 512)]; {
	case bytes.HasPrefix([]byte(magic), data):
		return "the first bytes of an .npy file and no more, " + want
	case len(data) > 1 && data[0] == 0x80 && 2 <= data[1] && data[1] <= 5:
		return "a pickle, " + want + ": save with np.save or np.savez"
	case isText(head):
		return textKind(head) + ", " + want
	case len(bytes.Trim(head, "\x00")) == 0:
		return "a file that starts with zeros, " + want + ": was it written to its end?"
	default:
		return "a file of no known kind (starts with " + quote(head[:min(len(head), 8)]) + "), " + want
	}
}

// isText tells whether the start of a file is text: UTF-8, perhaps cut within a
// character, without control characters.
func isText(head []byte) bool {
	for n := 0; n < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); n++ {
		head = head[:len(head)-1]
	}
	return len(head) > 0 && utf8.Valid(head) && bytes.IndexFunc(head, func(r rune) bool {
		return r < ' ' && !strings.ContainsRune("\t\n\v\f\r", r) || r == 0x7f
	}) < 0
}

// textKind tells kinds of text apart.
func textKind(head []byte) string {
	lower := strings.ToLower(strings.TrimSpace(string(head)))
	switch {
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"):
		return "an HTML page"
	case strings.HasPrefix(lower, "{"), strings.HasPrefix(lower, "["):
		return "JSON text"
	}
	line, _, _ := strings.Cut(lower, "\n")
	return "CSV or other text (starts with " + quote(strings.TrimSpace(line)) + ")"
}
