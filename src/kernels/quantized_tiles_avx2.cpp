#include "kernels/quantized_tiles.h"
namespace tinysplit::quantized {
const TileKernels* avx2_tiles() { return nullptr; }
}  // namespace tinysplit::quantized
