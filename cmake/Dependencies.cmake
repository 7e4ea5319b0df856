# Every library comes from Debian's packages; scripts/setup installs them. Nothing is downloaded here.
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libcbor REQUIRED IMPORTED_TARGET libcbor)
pkg_check_modules(libzip REQUIRED IMPORTED_TARGET libzip)

# find_package(dnnl) of Debian asks for OpenCL headers that the CPU library does not need.
find_library(DNNL_LIBRARY dnnl REQUIRED)
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
add_library(tinysplit_dnnl INTERFACE)
target_include_directories(tinysplit_dnnl SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
target_link_libraries(tinysplit_dnnl INTERFACE ${DNNL_LIBRARY} gomp)

# Debian's libonnx has no CMake package that finds itself; its messages need these definitions.
find_package(Protobuf REQUIRED)
find_library(ONNX_PROTO_LIBRARY onnx_proto REQUIRED)
find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h REQUIRED)
add_library(tinysplit_onnx_proto INTERFACE)
target_include_directories(tinysplit_onnx_proto SYSTEM INTERFACE ${ONNX_INCLUDE_DIR})
target_link_libraries(tinysplit_onnx_proto INTERFACE ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)

find_library(XNNPACK_LIBRARY XNNPACK REQUIRED)
find_library(PTHREADPOOL_LIBRARY pthreadpool REQUIRED)
find_path(XNNPACK_INCLUDE_DIR xnnpack.h REQUIRED)
add_library(tinysplit_xnnpack INTERFACE)
target_include_directories(tinysplit_xnnpack SYSTEM INTERFACE ${XNNPACK_INCLUDE_DIR})
target_link_libraries(tinysplit_xnnpack INTERFACE ${XNNPACK_LIBRARY} ${PTHREADPOOL_LIBRARY})

if(TINYSPLIT_TESTS)
  find_package(GTest REQUIRED)
  # An oracle for the project's own reader of HDF5; the product does without.
  pkg_check_modules(hdf5 REQUIRED IMPORTED_TARGET hdf5)
  include(GoogleTest)
endif()
if(TINYSPLIT_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
