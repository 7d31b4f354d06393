// SPDX-License-Identifier: MIT
//
// Formats of write-ahead log and its index: sqlite.org/fileformat2.html#walformat, sqlite.org/walformat.html.
#include "core/session/quarantine.h"

#include "core/store/page_vfs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace eventops {
namespace {

namespace fs = std::filesystem;

constexpr unsigned SetAsideNumberMax = 1'000;
constexpr std::size_t SetAsideFilesMax = 100;
constexpr std::uintmax_t WalLookBytesMax = 256u << 20;
constexpr std::size_t WalHeaderBytes = 32;
constexpr std::size_t FrameHeaderBytes = 24;
constexpr std::size_t IndexHeaderBytes = 48;
constexpr std::uint32_t WalMagic = 0x377f0682;      ///< The lowest bit: checksums over big-endian words.
constexpr std::uint32_t CommitsBehindMax = 1;       ///< A power cut can leave one commit behind a torn one, not two.
constexpr char Mark[] = ".damaged-";

std::uint32_t big32(const char *at)
{
    std::array<unsigned char, 4> b{};
    std::memcpy(b.data(), at, 4);
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

std::uint32_t word32(const char *at, bool bigEndian)
{
    std::uint32_t word = 0;
    std::memcpy(&word, at, 4);
    return bigEndian ? big32(at) : word;
}

/// The log's running checksum.
struct WalSum {
    bool bigEndian = false;
    std::uint32_t first = 0, second = 0;

    void add(const char *bytes, std::size_t size)
    {
        for (std::size_t at = 0; at + 8 <= size; at += 8) {
            first += word32(bytes + at, bigEndian) + second;
            second += word32(bytes + at + 4, bigEndian) + first;
        }
    }
    bool is(const char *stored) const { return big32(stored) == first && big32(stored + 4) == second; }
};

/// How many frames the index of the crashed process held good; 0 when it does not say, or when it is not a crashed
/// process's any more. @p path: of the database.
std::uint32_t framesByIndex(const std::string &path, const char *salts)
{
    std::array<char, IndexHeaderBytes> header{};
    bool read = false;
    sqlite::whileNotOpen(path, [&] {
        std::ifstream file(path + "-shm", std::ios::binary);
        read = bool(file.read(header.data(), header.size()));
    });
    if (!read || std::memcmp(header.data() + 32, salts, 8) != 0)
        return 0;
    return word32(header.data() + 16, false);
}

/// True when the log lacks commits that must have been synced.
bool lostCommits(std::ifstream &wal, const std::string &database)
{
    std::array<char, WalHeaderBytes> header{};
    if (!wal.read(header.data(), header.size()))
        return false;
    WalSum sum;
    sum.bigEndian = (big32(header.data()) & 1) != 0;
    sum.add(header.data(), 24);
    bool good = (big32(header.data()) & ~1u) == WalMagic && sum.is(header.data() + 24);
    const std::size_t page = big32(header.data() + 8);
    if (page < 512 || page > 65'536 || (page & (page - 1)) != 0)
        return true;
    const std::uint32_t expected = framesByIndex(database, header.data() + 16);
    std::string frame(FrameHeaderBytes + page, '\0');
    std::uint32_t frames = 0, commitsBehind = 0;
    while (wal.read(frame.data(), static_cast<std::streamsize>(frame.size()))) {
        const bool sameLog = std::memcmp(frame.data() + 8, header.data() + 16, 8) == 0;
        if (good) {
            sum.add(frame.data(), 8);
            sum.add(frame.data() + FrameHeaderBytes, page);
            good = sameLog && sum.is(frame.data() + 16);
            frames += good ? 1 : 0;
        } else if (sameLog && big32(frame.data() + 4) != 0) {
            ++commitsBehind;
        }
    }
    return frames < expected || commitsBehind > CommitsBehindMax;
}

Result<std::string> freeName(const std::string &path)
{
    std::error_code failed;
    for (unsigned number = 1; number <= SetAsideNumberMax; ++number) {
        const std::string name = path + Mark + std::to_string(number);
        if (!fs::exists(name, failed))
            return name;
    }
    return Error{Error::Code::LimitExceeded, "too many damaged files were set aside", {path, 0, 0},
                 "move the .damaged files away"};
}

Error cannotMove(const std::string &path, const std::error_code &failed)
{
    return Error{Error::Code::Io, "the damaged file cannot be set aside: " + failed.message(), {path, 0, 0},
                 "move it away"};
}

std::string baseName(const std::string &path)
{
    return path.substr(path.rfind('/') + 1);
}

} // namespace

Result<std::string> setAside(const std::string &path)
{
    const std::string name = EVENTOPS_TRY(freeName(path));
    std::error_code failed;
    fs::rename(path, name, failed);
    if (failed)
        return cannotMove(path, failed);
    std::error_code none; // there need not be any
    fs::rename(path + "-wal", name + "-wal", none);
    fs::remove(path + "-shm", none);
    return baseName(name);
}

Result<std::string> keepDamagedWal(const std::string &directory)
{
    const std::string path = directory + "/ledger.db-wal";
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(path, failed);
    if (failed || size == 0 || size > WalLookBytesMax)
        return std::string();
    std::ifstream wal(path, std::ios::binary);
    if (!wal || !lostCommits(wal, directory + "/ledger.db"))
        return std::string();
    const std::string name = EVENTOPS_TRY(freeName(path));
    fs::copy_file(path, name, failed);
    if (failed)
        return cannotMove(path, failed);
    return baseName(name);
}

bool ledgerWasEmptied(const std::string &directory)
{
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(directory + "/ledger.db", failed);
    return !failed && size == 0 && fs::exists(directory + "/pipeline.json", failed);
}

std::vector<std::string> setAsideFiles(const std::string &directory)
{
    std::vector<std::string> names;
    std::error_code failed;
    for (const auto &entry : fs::directory_iterator(directory, failed)) {
        std::string name = entry.path().filename().string();
        if (name.find(Mark) != std::string::npos && names.size() < SetAsideFilesMax)
            names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace eventops
