// SPDX-License-Identifier: MIT
#include "core/store/block_format.h"

#include "core/base/hash.h"
#include "core/base/limits.h"

#include <zstd.h>

#include <cassert>
#include <new>

namespace eventops {
namespace {

constexpr std::size_t PackFrom = 64;     ///< Smaller columns are left alone.
constexpr std::size_t RatioMax = 50'000; ///< zstd's own limit is about 44,000.
constexpr std::size_t ColumnsMax = 256;
constexpr std::size_t RowsMax = 1u << 20; ///< Generous: for blocks of later versions.
constexpr std::size_t ChecksumBytes = 8;

} // namespace

struct Packer::Contexts {
    ZSTD_CCtx *compress = ZSTD_createCCtx();
    ZSTD_DCtx *decompress = ZSTD_createDCtx();
    ~Contexts()
    {
        ZSTD_freeCCtx(compress);
        ZSTD_freeDCtx(decompress);
    }
};

Packer::Packer() : m_contexts(std::make_unique<Contexts>())
{
    if (m_contexts->compress == nullptr || m_contexts->decompress == nullptr)
        throw std::bad_alloc();
}
Packer::~Packer() = default;

bool Packer::pack(std::string_view bytes, std::string &out)
{
    if (bytes.size() >= PackFrom) {
        // Room that only grows: no clearing, no fresh pages for each column.
        if (m_room.size() < ZSTD_compressBound(bytes.size()))
            m_room.resize(ZSTD_compressBound(bytes.size()));
        const std::size_t size =
            ZSTD_compressCCtx(m_contexts->compress, m_room.data(), m_room.size(), bytes.data(), bytes.size(), 1);
        if (!ZSTD_isError(size) && size + bytes.size() / 8 < bytes.size()) {
            out.append(m_room, 0, size);
            return true;
        }
    }
    out += bytes;
    return false;
}

bool Packer::unpack(std::string_view bytes, std::size_t size, std::string &out)
{
    if (size > ColumnBytesMax || size / RatioMax > bytes.size())
        return false;
    out.resize(size + ChecksumBytes);
    return ZSTD_decompressDCtx(m_contexts->decompress, out.data(), size, bytes.data(), bytes.size()) == size;
}

Status BlockBuilder::add(std::uint8_t id, std::string_view bytes, bool tryPack)
{
    if (bytes.empty())
        return Ok{};
    if (bytes.size() > ColumnBytesMax)
        return Error{Error::Code::LimitExceeded,
                     "a column of " + std::to_string(bytes.size()) + " bytes is too large to store",
                     {},
                     "lower the record limit"};
    const std::size_t from = m_payload.size();
    bool packed = false;
    if (tryPack)
        packed = m_packer->pack(bytes, m_payload);
    else
        m_payload += bytes;
    m_directory += static_cast<char>(id);
    m_directory += static_cast<char>(packed);
    putVarint(m_directory, bytes.size());
    putVarint(m_directory, m_payload.size() - from);
    ++m_columns;
    return Ok{};
}

std::string BlockBuilder::finish(std::size_t rows, std::size_t records)
{
    std::string out;
    out.reserve(m_directory.size() + m_payload.size() + 32);
    out += static_cast<char>(BlockVersion);
    putVarint(out, rows);
    putVarint(out, records);
    putVarint(out, m_columns);
    out += m_directory;
    out += m_payload;
    putFixed64(out, hash64(out));
    clear();
    return out;
}

void BlockBuilder::clear()
{
    m_columns = 0;
    m_directory.clear();
    m_payload.clear();
}

Error BlockView::corrupt(std::string_view what) const
{
    return Error{Error::Code::Corrupt, m_name + ": " + std::string(what), {}, "restore the ledger from a copy"};
}

Result<BlockView> BlockView::parse(std::string_view bytes, std::string_view name, bool verify)
{
    BlockView view;
    view.m_name = name;
    if (bytes.size() < ChecksumBytes + 4)
        return view.corrupt("too short");
    const std::string_view body = bytes.substr(0, bytes.size() - ChecksumBytes);
    if (verify && ByteReader(bytes.substr(body.size())).fixed64() != hash64(body))
        return view.corrupt("checksum does not match");
    ByteReader in(body);
    if (in.byte() != BlockVersion)
        return view.corrupt("unknown version");
    view.m_rows = in.varint();
    view.m_records = in.varint();
    const std::uint64_t columns = in.varint();
    if (in.failed() || columns > ColumnsMax || view.m_rows > RowsMax || view.m_records > view.m_rows)
        return view.corrupt("bad header");
    std::vector<std::size_t> stored;
    for (std::uint64_t i = 0; i < columns; ++i) {
        Entry entry{};
        entry.id = in.byte();
        const std::uint8_t packing = in.byte();
        entry.packed = packing == 1;
        entry.size = in.varint();
        stored.push_back(in.varint());
        if (in.failed() || packing > 1 || entry.size > ColumnBytesMax)
            return view.corrupt("bad column");
        view.m_entries.push_back(entry);
    }
    for (std::size_t i = 0; i < stored.size(); ++i)
        view.m_entries[i].bytes = in.take(stored[i]);
    if (in.failed() || !in.atEnd())
        return view.corrupt("bad column sizes");
    return view;
}

Result<std::string_view> BlockView::column(std::uint8_t id, Packer &packer, std::string &scratch) const
{
    for (const Entry &entry : m_entries) {
        if (entry.id != id)
            continue;
        if (!entry.packed)
            return entry.bytes;
        if (!packer.unpack(entry.bytes, entry.size, scratch))
            return corrupt("column " + std::to_string(id) + " cannot be unpacked");
        return std::string_view(scratch).substr(0, entry.size);
    }
    return std::string_view();
}

} // namespace eventops
