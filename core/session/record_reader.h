// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"

#include <memory>
#include <string>
#include <string_view>

namespace eventops {

/// Bytes under a path that exists as long as this object. Thread: any.
class MemoryFile
{
public:
    explicit MemoryFile(std::string_view bytes);
    ~MemoryFile();
    MemoryFile(const MemoryFile &) = delete;
    MemoryFile &operator=(const MemoryFile &) = delete;
    bool valid() const { return m_fd >= 0; }
    std::string path() const;

private:
    int m_fd;
};

/// The source that can read kept records again from the file @p path: the pipeline's own, or, where it has none for
/// files, the one that recognises formats, told that they are @p codec. Unavailable: this build has none.
Result<std::unique_ptr<Source>> recordReader(const Registry &registry, const PipelineSpec &spec,
                                             const std::string &path, const std::string &codec);

} // namespace eventops
