# Compiler settings and the helpers that every folder uses.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# Assertions stay on outside the release preset: they never depend on user data and cost little.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(EVENTOPS_CCACHE ccache)
if(EVENTOPS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers need the sloppiness; see "Precompiled headers" in ccache's manual.
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${EVENTOPS_CCACHE}")
endif()
find_program(EVENTOPS_MOLD mold)

add_library(eventops_options INTERFACE)
target_compile_options(eventops_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
    -ffp-contract=off # the same sums on every machine
    -fpch-preprocess
    $<$<BOOL:${EVENTOPS_WERROR}>:-Werror>)
# A program loads what it calls and nothing else: the window starts without the HTTP client of the executors.
target_link_options(eventops_options INTERFACE -Wl,--as-needed)
if(EVENTOPS_SANITIZE)
    target_compile_options(eventops_options INTERFACE -fsanitize=${EVENTOPS_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer -O1 # compiles in two thirds of the time of -O2
        # GCC 12 warns of the standard library's own code under sanitizers: std::string (GCC bug 105651) and std::regex
        # (GCC bug 105562).
        $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict$<SEMICOLON>-Wno-maybe-uninitialized>)
    target_link_options(eventops_options INTERFACE -fsanitize=${EVENTOPS_SANITIZE})
elseif(EVENTOPS_MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_link_options(eventops_options INTERFACE -fuse-ld=mold)
endif()

# eventops_library(<name> [DEPENDS <eventops library>...] [PRIVATE <external target>...])
# One static library from all *.cpp of the current folder (and of SUBDIRS below it). Links exactly what it names.
function(eventops_library name)
    cmake_parse_arguments(ARG "" "" "DEPENDS;PRIVATE" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    if(NOT sources)
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE "${PROJECT_SOURCE_DIR}")
        target_link_libraries(${name} INTERFACE ${ARG_DEPENDS})
        return()
    endif()
    add_library(${name} STATIC ${sources})
    target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE} eventops_options)
endfunction()
