// SPDX-License-Identifier: MIT
#include "pipelines/sources/tail/tail_folder.h"

#include "core/base/hash.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <tuple>

#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds StopLook{100}; ///< Between two looks whether to stop.
constexpr std::chrono::milliseconds ScanEvery{500};
constexpr std::chrono::seconds RetryAfter{30}; ///< A file that could not be read.
constexpr std::size_t CompareBytes = 1u << 20; ///< In one piece.
constexpr std::chrono::seconds AlikeWait{3};   ///< For a file that may be a copy of one that is being cut.
constexpr std::ptrdiff_t HeadLines = 3;
constexpr std::size_t CutMax = 64;
constexpr std::array<std::string_view, 7> PackedEnds = {".gz", ".zst", ".xz", ".bz2", ".lz4", ".Z", ".zip"};

/// There is nothing to decode.
class NoDecoder final : public RecordDecoder
{
public:
    void decode(Batch &) override {}
};

std::string joined(const std::vector<std::string> &paths)
{
    std::string text;
    for (const std::string &path : paths)
        text += (text.empty() ? "" : " ") + path;
    return text;
}

bool isPacked(std::string_view path)
{
    return std::any_of(PackedEnds.begin(), PackedEnds.end(),
                       [&](std::string_view end) { return path.size() > end.size() && path.ends_with(end); });
}

/// "app.log" of "app.log.1", "app.log-20251103" and "app.log.2025-11-03-08".
std::string withoutRotation(const std::string &path)
{
    std::size_t end = path.size();
    for (std::size_t at = end; at > 0;) {
        const char c = path[at - 1];
        if (c == '.' || c == '-') {
            if (at == end)
                break; // no digits behind it
            end = --at;
        } else if (c >= '0' && c <= '9') {
            --at;
        } else {
            break;
        }
    }
    return end == 0 || path[end - 1] == '/' ? path : path.substr(0, end);
}

/// Whether enough is there to tell what a file is: three lines, a document, or all that a silent writer has written.
bool tellsWhatItIs(std::string_view text)
{
    if (text.size() == TailHeadBytes || std::count(text.begin(), text.end(), '\n') >= HeadLines)
        return true;
    JsonReader json;
    std::size_t end = 0;
    return !text.empty() && text.front() == '{' && !json.readPrefix(text, end) && end < text.size();
}

} // namespace

TailFolder::TailFolder(TailSettings settings)
    : m_settings(std::move(settings)),
      m_key("tail:" + sha256Hex(joined(m_settings.paths))),
      m_title("files " + joined(m_settings.paths))
{
}

TailFolder::~TailFolder() = default;

std::unique_ptr<RecordDecoder> TailFolder::makeDecoder() const
{
    return std::make_unique<NoDecoder>();
}

Result<bool> TailFolder::read(RawChunk &chunk, std::vector<OversizePart> &)
{
    m_bell->wait(StopLook);
    const auto now = std::chrono::steady_clock::now();
    if (m_comesMore || now - m_scannedAt >= ScanEvery) {
        scan();
        m_scannedAt = now;
    }
    chunk.clear();
    return true;
}

std::vector<std::unique_ptr<Source>> TailFolder::takeOthers()
{
    const std::lock_guard lock(m_mutex);
    return std::move(m_offers);
}

SourceHealth TailFolder::health() const
{
    SourceHealth health;
    health.title = m_title;
    const std::lock_guard lock(m_mutex);
    health.trouble = m_trouble;
    health.notice = m_notice;
    return health;
}

bool TailFolder::isExcluded(const std::string &path) const
{
    const std::string name = path.substr(path.rfind('/') + 1);
    return std::any_of(m_settings.exclude.begin(), m_settings.exclude.end(), [&](const std::string &pattern) {
        const bool whole = pattern.find('/') != std::string::npos;
        return ::fnmatch(pattern.c_str(), whole ? path.c_str() : name.c_str(), 0) == 0;
    });
}

void TailFolder::addMatches(const std::string &pattern, std::vector<Found> &found, std::set<Identity> &seen)
{
    glob_t matches = {};
    if (::glob(pattern.c_str(), 0, nullptr, &matches) == 0) {
        for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
            const std::string path = matches.gl_pathv[i];
            struct stat status = {};
            if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || isExcluded(path))
                continue;
            if (isPacked(path)) {
                ++m_packed;
                continue;
            }
            if (!seen.insert({status.st_dev, status.st_ino}).second)
                continue; // another name of it
            found.push_back({path,
                             withoutRotation(path),
                             {status.st_dev, status.st_ino},
                             static_cast<std::uint64_t>(status.st_size),
                             std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec});
        }
    }
    ::globfree(&matches);
}

/// All files that are meant, those of one base together, the oldest first.
std::vector<TailFolder::Found> TailFolder::find()
{
    std::vector<Found> found;
    std::set<Identity> seen;
    m_packed = 0;
    for (const std::string &path : m_settings.paths) {
        struct stat status = {};
        if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
            addMatches(path + "/*", found, seen);
            continue;
        }
        addMatches(path, found, seen);
        if (m_settings.rotated) {
            addMatches(path + ".[0-9]*", found, seen);
            addMatches(path + "-[0-9]*", found, seen);
        }
    }
    std::sort(found.begin(), found.end(), [](const Found &a, const Found &b) {
        return std::tie(a.base, a.changedNs, b.path) < std::tie(b.base, b.changedNs, a.path);
    });
    return found;
}

std::size_t TailFolder::openFiles() const
{
    return static_cast<std::size_t>(std::count_if(m_known.begin(), m_known.end(), [](const auto &one) {
        return one.second.state != nullptr && !one.second.state->hasEnded();
    }));
}

/// Files that are gone: their readers are told, and what is over is forgotten.
void TailFolder::forget(std::span<const Found> found)
{
    std::set<Identity> there;
    for (const Found &file : found)
        there.insert(file.identity);
    for (auto at = m_known.begin(); at != m_known.end();) {
        const bool over = at->second.state == nullptr || at->second.state->hasEnded();
        if (there.contains(at->first)) {
            ++at;
        } else if (over) {
            at = m_known.erase(at);
        } else {
            at->second.state->setSuperseded(true);
            ++at;
        }
    }
}

/// The first line, by which a file is known. False: it is too early.
bool TailFolder::readHead(const Found &file, Known &known, const TailDescriptor &descriptor)
{
    const auto bytes = descriptor.at(0, TailHeadBytes);
    if (!bytes) {
        m_problem = m_problem.empty() ? "cannot read " + file.path + ": " + bytes.error().message : m_problem;
        return false;
    }
    const std::string_view text = bytes.value();
    const bool isSilent = known.bytes == file.bytes; // since the last look
    known.bytes = file.bytes;
    if (text.empty() || (!isSilent && !tellsWhatItIs(text)))
        return false;
    const std::size_t lineEnd = text.find('\n');
    if (lineEnd == std::string_view::npos && text.size() < TailHeadBytes && JsonReader().read(text))
        return false; // a line without an end; only a document is whole without
    known.head = text.substr(0, lineEnd);
    return true;
}

/// True: it is the same as a file that is being read: a copy, or one that is being made. One that goes on behind all of
/// the other is none, but for a while, in which the other may have been cut and its reader not know yet.
bool TailFolder::isCopy(const Found &file, Known &known, const TailDescriptor &descriptor)
{
    for (const auto &[identity, other] : m_known) {
        if (other.state == nullptr || identity == file.identity || other.head != known.head)
            continue;
        const auto read = other.state->file();
        if (read == nullptr)
            continue;
        if (known.comparedWith.lock() != other.state) {
            known.comparedWith = other.state;
            known.comparedTo = 0;
        }
        for (bool same = true; same;) {
            const auto mine = descriptor.at(known.comparedTo, CompareBytes);
            const auto theirs = read->at(known.comparedTo, CompareBytes);
            if (!mine || !theirs)
                break;
            const std::size_t both = std::min(mine.value().size(), theirs.value().size());
            same = mine.value().compare(0, both, theirs.value(), 0, both) == 0;
            known.comparedTo += same ? both : 0;
            if (!same || both == CompareBytes)
                continue;
            const auto now = std::chrono::steady_clock::now();
            if (mine.value().size() > both && !known.alikeSince)
                known.alikeSince = now;
            if (mine.value().size() == both || now - *known.alikeSince < AlikeWait)
                return true;
            break;
        }
    }
    return false;
}

/// Files that have ended since the last look, cut perhaps: a copy may have been made before.
void TailFolder::rememberCut()
{
    for (const auto &[identity, known] : m_known) {
        const bool isNew =
            known.state != nullptr && known.state->hasEnded()
            && std::none_of(m_cut.begin(), m_cut.end(), [&](const auto &one) { return one.second == known.state; });
        if (isNew)
            m_cut.emplace_back(known.head, known.state);
    }
    if (m_cut.size() > CutMax)
        m_cut.erase(m_cut.begin(), m_cut.end() - CutMax);
}

/// True: it is a copy of a file that has ended, made before the last that was read of that one.
bool TailFolder::wasRead(const Found &file, const Known &known, const TailDescriptor &descriptor) const
{
    return std::any_of(m_cut.begin(), m_cut.end(), [&](const auto &one) {
        if (one.second == known.state || one.first != known.head)
            return false;
        const bool wasCompared = known.comparedWith.lock() == one.second && known.comparedTo == file.bytes;
        return (wasCompared && one.second->readTo() >= file.bytes) || one.second->hasRead(descriptor, file.bytes);
    });
}

TailFolder::Offer TailFolder::offer(const Found &file, Known &known)
{
    if (known.retryAfter && std::chrono::steady_clock::now() < *known.retryAfter)
        return Offer::NotReady;
    if (openFiles() >= m_settings.filesMax)
        return Offer::NoRoom;
    const auto descriptor =
        std::make_shared<const TailDescriptor>(::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status = {};
    if (descriptor->fd() < 0 || ::fstat(descriptor->fd(), &status) != 0) {
        if (errno != ENOENT && m_problem.empty())
            m_problem = "cannot read " + file.path + ": " + std::strerror(errno);
        return Offer::NotReady;
    }
    if (Identity(status.st_dev, status.st_ino) != file.identity || !readHead(file, known, *descriptor))
        return Offer::NotReady; // renamed since it was found; the next look finds it
    if (isCopy(file, known, *descriptor))
        return Offer::Copy;
    if (wasRead(file, known, *descriptor)) {
        known.state = std::make_shared<TailState>(nullptr, m_bell);
        known.state->end(file.bytes, {});
        return Offer::Copy;
    }
    known.state = std::make_shared<TailState>(descriptor, m_bell);
    auto source = TailFile::make(m_settings.reading, file.path, known.head, m_settings.settle, known.state);
    if (!source) {
        known.state->end(TailState::AnyLength, source.error().message);
        return Offer::NotReady;
    }
    const auto head = descriptor->at(0, known.head.size());
    if (!head || head.value() != known.head)
        return Offer::NotReady; // cut while it was opened; the source ends with this scope
    const std::lock_guard lock(m_mutex);
    m_offers.push_back(std::move(source).value());
    return Offer::Given;
}

/// Files of one base, the oldest first.
void TailFolder::offerGroup(std::span<const Found> group)
{
    for (const Found &file : group) {
        Known &known = m_known[file.identity];
        known.path = file.path;
        if (known.state != nullptr && !known.state->hasEnded()) {
            known.state->setSuperseded(&file != &group.back() || m_waited > 0);
            if (!known.state->isCaughtUp()) {
                m_comesMore = m_comesMore || &file != &group.back();
                return;
            }
            continue;
        }
        if (known.state != nullptr) {
            if (known.state->endBytes() == file.bytes)
                continue; // nothing was added since it ended
            const std::string trouble = known.state->trouble();
            if (!trouble.empty() && m_problem.empty())
                m_problem = "cannot read " + file.path + ": " + trouble;
            if (!trouble.empty() && !known.retryAfter)
                known.retryAfter = std::chrono::steady_clock::now() + RetryAfter;
        }
        const Offer offered = offer(file, known);
        if (offered == Offer::NoRoom)
            ++m_waiting;
        if (offered == Offer::Given) {
            m_comesMore = m_comesMore || &file != &group.back();
            known.retryAfter.reset();
            return;
        }
    }
}

void TailFolder::scan()
{
    m_problem.clear();
    m_waited = std::exchange(m_waiting, 0);
    m_comesMore = false;
    const std::vector<Found> found = find();
    rememberCut();
    forget(found);
    for (std::size_t begin = 0; begin < found.size();) {
        std::size_t end = begin;
        while (end < found.size() && found[end].base == found[begin].base)
            ++end;
        offerGroup(std::span(found).subspan(begin, end - begin));
        begin = end;
    }
    std::string notice;
    if (m_waiting > 0)
        notice = std::to_string(m_waiting) + " files wait: no more than " + std::to_string(m_settings.filesMax)
                 + " are read at the same time (files_max)";
    else if (m_packed > 0)
        notice = std::to_string(m_packed) + " packed files are left out of " + m_title
                 + ": unpack them, or read them with eventops replay";
    const std::lock_guard lock(m_mutex);
    m_trouble = found.empty() ? "no file is there yet of: " + joined(m_settings.paths) : m_problem;
    m_notice = std::move(notice);
}

} // namespace eventops
