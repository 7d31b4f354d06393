// SPDX-License-Identifier: MIT
#include "core/lake/duckdb_library.h"

#include "core/lake/duckdb_functions.h"

#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <memory>
#include <vector>

namespace eventops::lake {
namespace {

constexpr const char *Remedy = "installer/duckdb brings it; then build again";

#if EVENTOPS_HAS_DUCKDB
constexpr const char *CachedName = "duckdb-1.4.4/libduckdb.so";

std::vector<std::string> candidates()
{
    std::vector<std::string> paths;
    std::error_code failed;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failed);
    paths.push_back((program.parent_path() / "../lib/eventops/libduckdb.so").lexically_normal().string());
    paths.push_back(EVENTOPS_DUCKDB_DIR "/libduckdb.so");
    const char *cache = std::getenv("XDG_CACHE_HOME");
    const char *home = std::getenv("HOME");
    if (cache != nullptr)
        paths.push_back(std::string(cache) + "/eventops/" + CachedName);
    else if (home != nullptr)
        paths.push_back(std::string(home) + "/.cache/eventops/" + CachedName);
    std::erase_if(paths, [](const std::string &path) {
        std::error_code code;
        return !std::filesystem::exists(path, code);
    });
    paths.emplace_back("libduckdb.so");
    return paths;
}
#endif

Error unavailable(const std::string &why)
{
    return Error{Error::Code::Unavailable, "the lake needs DuckDB: " + why, {}, Remedy};
}

} // namespace

Result<const DuckDbLibrary *> DuckDbLibrary::load()
{
    static const Result<const DuckDbLibrary *> library = find();
    return library;
}

#if EVENTOPS_HAS_DUCKDB

Result<const DuckDbLibrary *> DuckDbLibrary::find()
{
    if (const char *given = std::getenv("EVENTOPS_DUCKDB"); given != nullptr && *given != '\0')
        return open(given);
    return open(candidates().front());
}

Result<const DuckDbLibrary *> DuckDbLibrary::open(const std::string &path)
{
    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
        return unavailable(std::string("cannot load libduckdb.so: ") + dlerror());
    static DuckDbFunctions functions;
#define EVENTOPS_DUCKDB_RESOLVE(name)                                                      \
    functions.name = reinterpret_cast<decltype(&::name)>(dlsym(handle, #name));            \
    if (functions.name == nullptr)                                                         \
        return unavailable(path + " has no function " #name);
    EVENTOPS_DUCKDB_FUNCTIONS(EVENTOPS_DUCKDB_RESOLVE)
#undef EVENTOPS_DUCKDB_RESOLVE
    static DuckDbLibrary library;
    library.m_functions = &functions;
    library.m_version = functions.duckdb_library_version();
    library.m_path = path;
    return &library;
}

#else

Result<const DuckDbLibrary *> DuckDbLibrary::find()
{
    return unavailable("this program was built without its C header");
}

Result<const DuckDbLibrary *> DuckDbLibrary::open(const std::string &path)
{
    return unavailable(path + " is of no use without the C header");
}

#endif

} // namespace eventops::lake
