// A small task in colour, for networks of two classes: Fashion-MNIST as clothing and footwear.
#include <algorithm>

#include "core/random.h"
#include "datasets/source.h"

namespace tinysplit {
namespace {

constexpr std::size_t kSide = 20;
constexpr std::int32_t kLeftOut = -1;
// By class of Fashion-MNIST; bags are neither.
constexpr std::array<std::int32_t, 10> kClassOf = {0, 0, 0, 0, 0, 1, 0, 1, kLeftOut, 1};
constexpr std::uint64_t kColorSeed = 7;

class FashionFootwear final : public ImageSource {
 public:
  explicit FashionFootwear(std::unique_ptr<ImageSource> fashion) : fashion_(std::move(fashion)) {
    classes_ = {"clothing", "footwear"};
    class_numbers_ = ClassNumbers::kOfData;
    for (const Part part : kParts) {
      const std::vector<std::int32_t>& labels = fashion_->labels(part);
      for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::int32_t label = kClassOf[std::size_t(labels[i])];
        if (label == kLeftOut) continue;
        items_[std::size_t(part)].push_back(i);
        labels_[std::size_t(part)].push_back(label);
      }
    }
  }

  Result<ImageSize> size_of(Part, std::size_t) override { return ImageSize{kSide, kSide, 3}; }

  // Grey levels become a blend from a dark colour to a bright one, which each image has of its own.
  Status load(Part part, std::size_t item, const ImageSize& size,
              std::span<std::uint8_t> pixels) override {
    // What the options ask for is done to the tinted image; only its size is made before.
    std::vector<std::uint8_t> grey(size.height * size.width);
    const std::size_t original = items_[std::size_t(part)][item];
    TINYSPLIT_RETURN_IF_ERROR(fashion_->load(part, original, {size.height, size.width, 1}, grey));
    Random random = Random::of({kColorSeed, std::uint64_t(part), original});
    std::array<float, 3> dark{};
    std::array<float, 3> bright{};
    for (float& level : dark) level = static_cast<float>(random.uniform(0.0, 0.3));
    for (float& level : bright) level = static_cast<float>(random.uniform(0.4, 1.0));
    std::vector<std::uint8_t> tinted(3 * grey.size());
    for (std::size_t i = 0; i < tinted.size(); ++i) {
      const float level = static_cast<float>(grey[i / 3]) / 255.0F;
      const float value = dark[i % 3] + level * (bright[i % 3] - dark[i % 3]);
      tinted[i] = static_cast<std::uint8_t>(value * 255.0F + 0.5F);
    }
    convert_image(tinted, {size.height, size.width, 3}, options_, size, pixels);
    return ok_status();
  }

 private:
  std::unique_ptr<ImageSource> fashion_;
  std::array<std::vector<std::size_t>, kParts.size()> items_;  // of Fashion-MNIST, by item
};

}  // namespace

Result<std::unique_ptr<ImageSource>> open_fashion_footwear() {
  TINYSPLIT_ASSIGN_OR_RETURN(auto fashion,
                             open_idx_folder(fashion_mnist_folder(), fashion_mnist_classes()));
  if (fashion->classes().size() != kClassOf.size()) {
    return invalid_argument(fashion_mnist_folder().string() + " does not hold ten classes");
  }
  return std::unique_ptr<ImageSource>(std::make_unique<FashionFootwear>(std::move(fashion)));
}

}  // namespace tinysplit
