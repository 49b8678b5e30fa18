# Compiles the CUDA back end to PTX and looks for arithmetic that could differ from the CPU's: approximate or
# flushed operations, and operations without a rounding mode, which the assembler may contract. Then assembles it and
# looks whether the state of a trajectory still finds room in registers.
# -D NVCC=... -D SOURCE=... -D OUT=...
execute_process(COMMAND ${NVCC} -std=c++20 -fmad=false --expt-relaxed-constexpr -O3 -arch=compute_90 --ptx ${SOURCE} -o ${OUT}
                RESULT_VARIABLE code ERROR_VARIABLE errors)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "nvcc failed:\n${errors}")
endif()
file(STRINGS ${OUT} bad REGEX "\\.approx|\\.ftz|[ \t](add|sub|mul|fma|mad|div|rcp|sqrt)\\.f(32|64)|(ex2|lg2|sin|cos|tanh|rsqrt)\\.")
file(STRINGS ${OUT} good REGEX "[ \t](add|sub|mul|fma)\\.rn\\.f32")
list(LENGTH good operations)
if(bad)
  list(JOIN bad "\n" text)
  message(FATAL_ERROR "PTX with arithmetic that the CPU does not do:\n${text}")
endif()
if(operations LESS 500)
  message(FATAL_ERROR "only ${operations} rounded operations: is the model in this file?")
endif()
message(STATUS "${operations} operations, all rounded to nearest")

get_filename_component(bin ${NVCC} DIRECTORY)
find_program(PTXAS ptxas HINTS ${bin} REQUIRED)
execute_process(COMMAND ${PTXAS} -arch=sm_90 -v ${OUT} -o ${OUT}.cubin RESULT_VARIABLE code ERROR_VARIABLE report)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "ptxas failed:\n${report}")
endif()
string(REGEX MATCHALL "[0-9]+ bytes spill (stores|loads)|Used [0-9]+ registers" figures "${report}")
list(JOIN figures ", " text)
message(STATUS "${text}")
if(NOT figures OR text MATCHES "[1-9][0-9]* bytes spill")
  message(FATAL_ERROR "a kernel spills registers on sm_90")
endif()
