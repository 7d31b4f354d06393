// SPDX-License-Identifier: MIT
#include "pipelines/sources/tail/tail_file.h"

#include "core/base/hash.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds LookEvery{50};      ///< At a file that grew a moment ago …
constexpr std::chrono::milliseconds IdleLookEvery{200}; ///< … and at one that did not for IdleAfter.
constexpr std::chrono::seconds IdleAfter{5};
constexpr std::chrono::seconds SupersededFor{5}; ///< A writer may keep a renamed file for a while.

} // namespace

TailDescriptor::~TailDescriptor()
{
    ::close(m_fd);
}

Result<std::string> TailDescriptor::at(std::uint64_t position, std::size_t size) const
{
    std::string bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
        const ssize_t got = ::pread(m_fd, bytes.data() + have, size - have, static_cast<off_t>(position + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return Error{Error::Code::Io, std::strerror(errno)};
        if (got == 0)
            break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

void TailState::caughtUp()
{
    const std::lock_guard lock(m_mutex);
    if (!std::exchange(m_caughtUp, true))
        m_bell->ring();
}

void TailState::handedOut(std::uint64_t position, std::string_view bytes, std::uint64_t end, std::uint64_t hash)
{
    const std::lock_guard lock(m_mutex);
    if (m_places.empty() || m_places.back().first != position || position + bytes.size() != end) {
        m_recent.clear(); // blank lines and long records are handed out as no bytes
        m_places.assign(1, {end, hash});
        return;
    }
    m_recent.append(bytes);
    m_places.emplace_back(end, hash);
    while (m_places.size() > 2 && m_recent.size() > RecentBytes) {
        m_recent.erase(0, m_places[1].first - m_places[0].first);
        m_places.pop_front();
    }
}

std::uint64_t TailState::readTo() const
{
    const std::lock_guard lock(m_mutex);
    return m_places.empty() ? 0 : m_places.back().first;
}

bool TailState::hasRead(const TailDescriptor &file, std::uint64_t bytes) const
{
    const std::lock_guard lock(m_mutex);
    if (m_places.empty() || bytes < m_places.front().first || bytes > m_places.back().first)
        return false;
    const auto [from, hash] = m_places.front();
    StreamHash64 sum;
    for (std::uint64_t at = 0; at < from;) {
        const auto piece = file.at(at, static_cast<std::size_t>(std::min<std::uint64_t>(from - at, 1u << 20)));
        if (!piece || piece.value().empty())
            return false;
        sum.update(piece.value());
        at += piece.value().size();
    }
    const auto rest = file.at(from, static_cast<std::size_t>(bytes - from));
    return rest && rest.value().size() == bytes - from && sum.digest() == hash && m_recent.starts_with(rest.value());
}

void TailState::end(std::uint64_t bytes, std::string trouble)
{
    const std::lock_guard lock(m_mutex);
    m_ended = true;
    m_endBytes = bytes;
    m_trouble = std::move(trouble);
    m_file.reset();
    m_bell->ring();
}

bool TailState::isSuperseded() const
{
    const std::lock_guard lock(m_mutex);
    return m_superseded;
}

void TailState::setSuperseded(bool superseded)
{
    const std::lock_guard lock(m_mutex);
    m_superseded = superseded;
}

bool TailState::isCaughtUp() const
{
    const std::lock_guard lock(m_mutex);
    return m_caughtUp;
}

bool TailState::hasEnded() const
{
    const std::lock_guard lock(m_mutex);
    return m_ended;
}

std::uint64_t TailState::endBytes() const
{
    const std::lock_guard lock(m_mutex);
    return m_endBytes;
}

std::string TailState::trouble() const
{
    const std::lock_guard lock(m_mutex);
    return m_trouble;
}

std::shared_ptr<const TailDescriptor> TailState::file() const
{
    const std::lock_guard lock(m_mutex);
    return m_file;
}

TailFile::TailFile(std::unique_ptr<Capture> capture, std::string title, std::string head,
                   std::chrono::milliseconds settle, std::shared_ptr<TailState> state)
    : m_key(keyOf(head)),
      m_title(std::move(title)),
      m_head(std::move(head)),
      m_settle(settle),
      m_state(std::move(state)),
      m_file(m_state->file()),
      m_watch(std::make_unique<FileWatch>(m_file->path())),
      m_capture(std::move(capture)),
      m_grownAt(std::chrono::steady_clock::now())
{
}

TailFile::~TailFile()
{
    if (m_capture != nullptr)
        m_state->end(TailState::AnyLength, {});
}

Result<std::unique_ptr<TailFile>> TailFile::make(CaptureSettings settings, std::string title, std::string head,
                                                 std::chrono::milliseconds settle, std::shared_ptr<TailState> state)
{
    settings.path = state->file()->path();
    settings.title = title;
    settings.follow = true;
    auto capture = EVENTOPS_TRY(Capture::make(std::move(settings)));
    return std::unique_ptr<TailFile>(
        new TailFile(std::move(capture), std::move(title), std::move(head), settle, std::move(state)));
}

std::string TailFile::keyOf(std::string_view head)
{
    return "tail/" + sha256Hex(head);
}

Status TailFile::open(std::uint64_t cursor)
{
    EVENTOPS_TRY(m_capture->open(cursor));
    m_cursor = m_capture->position();
    m_cursorHash = m_capture->prefixHash();
    m_state->handedOut(m_cursor, {}, m_cursor, m_cursorHash);
    return Ok{};
}

Result<bool> TailFile::hasPrefix(std::uint64_t position, std::uint64_t hash) const
{
    return m_capture->hasPrefix(position, hash);
}

/// Whether the file is still the one that was read, and has more.
TailFile::Look TailFile::look()
{
    if (!m_drained)
        return Look::Grown; // what was read is handed out, whatever became of the file
    struct stat status = {};
    if (::fstat(m_file->fd(), &status) != 0)
        return Look::Failed;
    const auto bytes = static_cast<std::uint64_t>(status.st_size);
    if (bytes < m_bytes)
        return Look::Cut;
    if (bytes == m_bytes)
        return status.st_nlink == 0 ? Look::Removed : Look::Same;
    const auto head = m_file->at(0, m_head.size()); // cut, and written again to beyond its old end, since the last look
    if (!head)
        return Look::Failed;
    if (head.value() != m_head)
        return Look::Cut;
    m_bytes = bytes;
    m_drained = false;
    return Look::Grown;
}

bool TailFile::end(std::uint64_t bytes, std::string trouble)
{
    m_state->end(bytes, std::move(trouble));
    m_capture.reset();
    m_watch.reset();
    m_file.reset();
    return false;
}

/// A chunk that says: nothing new.
void TailFile::standStill(RawChunk &chunk) const
{
    chunk.clear();
    chunk.position = chunk.positionEnd = m_cursor;
    chunk.prefixHash = m_cursorHash;
}

Result<bool> TailFile::take(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    const auto more = m_capture->read(chunk, oversize);
    if (!more)
        return end(TailState::AnyLength, more.error().message);
    if (!more.value())
        return end(m_bytes, {});
    if (chunk.records.empty() && chunk.positionEnd == m_cursor) {
        chunk.prefixHash = m_cursorHash; // within a long record the cursor stays where its bytes begin
    } else {
        m_cursor = chunk.positionEnd;
        m_cursorHash = chunk.prefixHash;
        m_state->handedOut(chunk.position, chunk.bytes, m_cursor, m_cursorHash);
    }
    m_bytes = std::max(m_bytes, m_capture->position());
    m_drained = chunk.records.empty() && m_capture->atEnd();
    m_upToDate = m_drained;
    if (m_drained)
        m_state->caughtUp();
    return true;
}

Result<bool> TailFile::wait(RawChunk &chunk, std::vector<OversizePart> &oversize, bool removed)
{
    const auto silent = std::chrono::steady_clock::now() - m_grownAt;
    m_ending = silent >= m_settle && removed;
    if (m_ending) {
        m_capture->endHere();
        return take(chunk, oversize);
    }
    if (silent >= m_settle && !m_settled) {
        m_settled = true;
        m_capture->settle();
        return take(chunk, oversize);
    }
    if (m_settled && silent >= SupersededFor && m_state->isSuperseded())
        return end(m_bytes, {}); // if it grows again, it is found again
    m_watch->wait(LookEvery);
    standStill(chunk);
    return true;
}

Result<bool> TailFile::read(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    if (m_capture == nullptr)
        return false;
    if (m_ending)
        return take(chunk, oversize);
    switch (look()) {
    case Look::Grown:
        m_grownAt = std::chrono::steady_clock::now();
        m_settled = false;
        return take(chunk, oversize);
    case Look::Same: return wait(chunk, oversize, false);
    case Look::Removed: return wait(chunk, oversize, true);
    case Look::Cut: return end(TailState::AnyLength, {});
    case Look::Failed: return end(TailState::AnyLength, std::strerror(errno));
    }
    return false;
}

SourceHealth TailFile::health() const
{
    SourceHealth health;
    health.title = m_title;
    if (m_upToDate)
        health.lag = 0;
    return health;
}

} // namespace eventops
