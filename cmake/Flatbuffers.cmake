# tinysplit_flatbuffers(<folder> <schema>): compiles src/<folder>/<schema>.fbs into a header that the
# sources of the target of <folder> include as "<folder>/<schema>_generated.h".
find_program(FLATC flatc REQUIRED)
find_path(FLATBUFFERS_INCLUDE_DIR flatbuffers/flatbuffers.h REQUIRED)

function(tinysplit_flatbuffers folder schema)
  string(REPLACE "/" "_" name ${folder})
  set(source ${CMAKE_SOURCE_DIR}/src/${folder}/${schema}.fbs)
  set(generated ${CMAKE_BINARY_DIR}/generated)
  set(header ${generated}/${folder}/${schema}_generated.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${FLATC} --cpp --cpp-std c++17 --scoped-enums -o ${generated}/${folder} ${source}
    DEPENDS ${source}
    COMMENT "Compiling ${folder}/${schema}.fbs"
    VERBATIM)
  target_sources(tinysplit_${name} PRIVATE ${header})
  target_include_directories(tinysplit_${name} SYSTEM PRIVATE ${generated} ${FLATBUFFERS_INCLUDE_DIR})
  # FlexBuffers turn strings into numbers by a locale of the library, which is not linked.
  target_compile_definitions(tinysplit_${name} PRIVATE FLATBUFFERS_LOCALE_INDEPENDENT=0)
endfunction()
