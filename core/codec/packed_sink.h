// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <functional>
#include <memory>
#include <string_view>

namespace eventops {

/// Packs what is written into one zstd frame with a checksum and hands it on. Thread: one. Memory: a few MiB.
class PackedSink
{
public:
    explicit PackedSink(std::function<Status(std::string_view)> to);
    ~PackedSink();
    PackedSink(const PackedSink &) = delete;
    PackedSink &operator=(const PackedSink &) = delete;
    Status write(std::string_view bytes);
    Status finish(); ///< Ends the frame. Call once, last.

private:
    struct State;
    Status push(std::string_view bytes, bool end);
    std::unique_ptr<State> m_state;
};

} // namespace eventops
