#include "wire/base64.h"

#include <gtest/gtest.h>

#include "random_values.h"

namespace tinysplit {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Result<std::string> decode_text(std::string_view text) {
  TINYSPLIT_ASSIGN_OR_RETURN(const std::size_t size, base64_decoded_bytes(text));
  std::string out(size, '\0');
  TINYSPLIT_RETURN_IF_ERROR(base64_decode(text, std::as_writable_bytes(std::span(out))));
  return out;
}

TEST(Base64, MatchesTheVectorsOfTheRfc) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes_of(plain)), text);
    const Result<std::string> back = decode_text(text);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, plain);
  }
}

TEST(Base64, RoundTripsAnyBytes) {
  Random random(3);
  for (int size = 0; size < 300; ++size) {
    std::string plain;
    for (int i = 0; i < size; ++i) plain += static_cast<char>(random_int(random, 0, 255));
    const Result<std::string> back = decode_text(base64_encode(bytes_of(plain)));
    ASSERT_TRUE(back.ok()) << back.status().to_string();
    EXPECT_EQ(*back, plain);
  }
}

// OpenSSL works on blocks of a mebibyte at a time.
TEST(Base64, RoundTripsSeveralBlocks) {
  std::string plain((3 << 20) + 17, '\0');
  for (std::size_t i = 0; i < plain.size(); ++i)
    plain[i] = static_cast<char>(i * 2654435761u >> 13);
  const Result<std::string> back = decode_text(base64_encode(bytes_of(plain)));
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(*back == plain);
}

TEST(Base64, RejectsWhatIsNotCanonical) {
  for (const char* text : {"Zg", "Zg=", "Z===", "====", "=", "Zg==Zg==", "Zm9v=", "Zm 9", "Zm9\n",
                           " Zm9v   ", "Zm9-", "Zm9_", "Zh==", "Zm9=", "Z=9v", "\n\n\n\n"}) {
    EXPECT_FALSE(decode_text(text).ok()) << text;
  }
  EXPECT_FALSE(decode_text(std::string_view("Zm\0v", 4)).ok());
  EXPECT_FALSE(decode_text("Zm\xc3\xa4").ok());
}

TEST(Base64, NamesThePositionOfABadCharacter) {
  EXPECT_NE(decode_text("Zm9vZ*==").status().message().find("position 5"), std::string::npos);
}

TEST(Base64, WantsTheExactBuffer) {
  std::string out(4, '\0');
  EXPECT_FALSE(base64_decode("Zm9v", std::as_writable_bytes(std::span(out))).ok());
}

}  // namespace
}  // namespace tinysplit
