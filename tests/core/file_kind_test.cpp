#include "core/file_kind.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace tinysplit {
namespace {

using namespace std::string_literals;

TEST(FileKind, NamesWhatIsGivenByMistake) {
  const std::string tar = "model.h5" + std::string(249, '\0') + "ustar" + std::string(250, '\0');
  const std::string zip = "PK\x03\x04" + std::string(22, '\0');
  for (const auto& [bytes, part] : std::vector<std::pair<std::string, std::string>>{
           {"", "empty"},
           {" \n\t", "white space"},
           {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
            "git lfs pull"},
           {"<!DOCTYPE html>\n<html><body>Sign in</body></html>", "web page"},
           {"\xef\xbb\xbf \n<HTML lang=\"en\">", "web page"},
           {"<?xml version=\"1.0\"?><net name=\"x\">", "XML"},
           {"{\"class_name\": \"Sequential\"}", "JSON"},
           {"BMW, Audi\n1, 2\n", "text, beginning \"BMW, Audi\""},
           {std::string("\x1f\x8b\x08\0\0\0", 6), "gzip"},
           {tar, "tar archive"},
           {zip + "\x10\0\0\0archive/data.pkl"s, "PyTorch"},
           {zip + "\x07\0\0\0arr.npy"s, "(.npz)"},
           {zip + "\x09\0\0\0notes.txtHello"s, "the first \"notes.txt\""},
           {std::string("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8P\x19.", 16), "PyTorch"},
           {"\x80\x04\x95\x10}.", "pickle"},
           {std::string("\x08\x01\x12\xf0\x05", 5), "SavedModel"},
           {"\x0a\x20\x0a\x05input\x12\x0bPlaceholder", "TensorFlow graph"},
           {"\x40\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\"}}"s, "safetensors"},
           {"\x89PNG\r\n\x1a\n", "PNG"},
           {"GGUF\x03\0\0\0"s, "GGUF"}}) {
    const std::string what = describe_file(bytes);
    EXPECT_NE(what.find(part), std::string::npos) << part << ": " << what;
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
  }
}

TEST(FileKind, SaysNothingOfWhatItDoesNotKnow) {
  EXPECT_EQ(describe_file("\x01\x02\x03\x04"), "");
  EXPECT_EQ(describe_file("\x0a\x01\x02\xff\xfe"), "");
}

TEST(FileKind, ShowsNoControlCharacters) {
  const std::string what = describe_file("some \xc3\xa9t\xc3\xa9 " + std::string(500, 'x'));
  for (const char c : what) EXPECT_TRUE(c >= ' ' && c < 0x7f) << what;
  EXPECT_LT(what.size(), 100u);
}

}  // namespace
}  // namespace tinysplit
