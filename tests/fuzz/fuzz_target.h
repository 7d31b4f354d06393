// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::fuzz {

/// A property that must hold of any bytes. It aborts where it does not.
struct Target {
    const char *name; ///< Its seeds are in tests/fuzz/corpus/<name>.
    void (*input)(std::string_view bytes);
};

/// Those of this program: one in a fuzzer, all in the test that replays the seeds.
inline std::vector<Target> &targets()
{
    static std::vector<Target> all;
    return all;
}

struct Added {
    explicit Added(Target target) { targets().push_back(target); }
};

inline void require(bool good)
{
    if (!good)
        std::abort();
}

/// One batch with one record.
inline Batch batchOf(std::string_view record)
{
    Batch batch;
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes.reserve(record.size() + RawPaddingBytes);
    chunk->bytes = record;
    batch.records.emplace_back().size = static_cast<std::uint32_t>(record.size());
    batch.chunks.push_back(std::move(chunk));
    return batch;
}

/// Takes a number below @p limit off the beginning of @p bytes; 0 where there are none.
inline std::size_t takeChoice(std::string_view &bytes, std::size_t limit)
{
    if (bytes.empty())
        return 0;
    const auto choice = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    return choice % limit;
}

/// What stands before the first zero byte of @p bytes, which is taken off with it; all of them where there is none.
inline std::string_view takePart(std::string_view &bytes)
{
    const std::string_view part = bytes.substr(0, bytes.find('\0'));
    bytes.remove_prefix(part.size() < bytes.size() ? part.size() + 1 : part.size());
    return part;
}

} // namespace eventops::fuzz

/// EVENTOPS_FUZZ(decode) { … bytes … }: the target, by itself for libFuzzer, by its name for the replay.
#ifdef EVENTOPS_FUZZER
#define EVENTOPS_FUZZ(name)                                                                                            \
    static void name##Input(std::string_view bytes);                                                                   \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)                                  \
    {                                                                                                                  \
        name##Input({reinterpret_cast<const char *>(data), size});                                                     \
        return 0;                                                                                                      \
    }                                                                                                                  \
    static void name##Input(std::string_view bytes)
#else
#define EVENTOPS_FUZZ(name)                                                                                            \
    static void name##Input(std::string_view bytes);                                                                   \
    static const eventops::fuzz::Added name##Added{{#name, name##Input}};                                              \
    static void name##Input(std::string_view bytes)
#endif
