// SPDX-License-Identifier: MIT
#include "core/session/record_reader.h"

#include "core/pipeline/settings.h"

#include <sys/mman.h>
#include <unistd.h>

namespace eventops {

MemoryFile::MemoryFile(std::string_view bytes) : m_fd(memfd_create("record", MFD_CLOEXEC))
{
    for (std::size_t done = 0; m_fd >= 0 && done < bytes.size();) {
        const ssize_t wrote = write(m_fd, bytes.data() + done, bytes.size() - done);
        if (wrote <= 0) {
            close(m_fd);
            m_fd = -1;
            return;
        }
        done += static_cast<std::size_t>(wrote);
    }
}

MemoryFile::~MemoryFile()
{
    if (m_fd >= 0)
        close(m_fd);
}

std::string MemoryFile::path() const
{
    return "/proc/self/fd/" + std::to_string(m_fd);
}

Result<std::unique_ptr<Source>> recordReader(const Registry &registry, const PipelineSpec &spec,
                                             const std::string &path, const std::string &codec)
{
    const SourceSpec *capture = registry.source("capture");
    const SourceSpec *kafka = registry.source("kafka"); // all three read what a file of theirs holds
    const SourceSpec *tail = registry.source("tail");
    for (const Configured<SourceSpec> &source : spec.sources) {
        if (source.spec == capture || source.spec == kafka || source.spec == tail || capture == nullptr)
            return source.spec->make(source.settings, {path, {}});
    }
    if (capture == nullptr)
        return Error{Error::Code::Unavailable, "no source can read a record from a file"};
    const Value settings = EVENTOPS_TRY(checkSettings(Value(), capture->fields, "source \"capture\""));
    return capture->make(settings, {path, codec});
}

} // namespace eventops
