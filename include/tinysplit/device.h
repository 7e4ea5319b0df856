#pragma once

// All that a program needs to split inferences with an edge:
//
//   tinysplit::ModelFolder, resolve_model      find a model on disk
//   tinysplit::read_model                      read it
//   tinysplit::read_image                      an image as the model takes it
//   tinysplit::SimpleDevice                    run it here, there, or on both sides
//   tinysplit::HttpClient                      the edge's JSON endpoints, for everything else
//
// Errors are values: Status and Result<T>.

#include "core/clock.h"            // IWYU pragma: export
#include "core/status.h"           // IWYU pragma: export
#include "core/tensor.h"           // IWYU pragma: export
#include "device/device_result.h"  // IWYU pragma: export
#include "device/simple_device.h"  // IWYU pragma: export
#include "formats/image/image.h"   // IWYU pragma: export
#include "formats/model_folder.h"  // IWYU pragma: export
#include "formats/model_reader.h"  // IWYU pragma: export
#include "net/http_client.h"       // IWYU pragma: export
#include "wire/base64.h"           // IWYU pragma: export
