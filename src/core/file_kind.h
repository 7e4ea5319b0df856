#pragma once

#include <string>
#include <string_view>

namespace tinysplit {

// What a file is that a reader was given by mistake, told by its contents, with the way to what the
// reader wants: "a Git LFS pointer in the place of the file; fetch that with git lfs pull". For the
// end of a message that begins with the file's name and "is". Empty where nothing is known of it.
//
// Known are placeholders (empty files, Git LFS pointers, web pages), packed files (gzip, tar, zip
// and others), models of formats that are not read (PyTorch, TensorFlow graphs, and others),
// pictures, arrays and text.
std::string describe_file(std::string_view bytes);

}  // namespace tinysplit
