// SPDX-License-Identifier: MIT
#include "core/store/dedupe_index.h"

#include "core/store/membership.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace eventops {
namespace {

constexpr std::size_t PageKeys = 512;
constexpr std::size_t RunsOfAClassMax = 8;
constexpr std::uint64_t MergedRunKeysMax = 4u
                                           << 20; ///< Runs are not merged beyond 32 MiB: merging holds them in memory.
constexpr std::uint64_t FilterKeysMin = 1u << 16;

unsigned sizeClass(std::uint64_t keys)
{
    return static_cast<unsigned>(std::bit_width(keys)) / 3; // factors of eight
}

std::uint64_t keyAt(std::string_view bytes, std::size_t offset)
{
    std::uint64_t key;
    std::memcpy(&key, bytes.data() + offset, sizeof key);
    return key;
}

/// SQLite orders signed numbers; keys are unsigned.
std::int64_t ordered(std::uint64_t key)
{
    return static_cast<std::int64_t>(key ^ (1ULL << 63));
}

} // namespace

Status DedupeIndex::writeRun(sqlite::Database &database, const std::vector<std::uint64_t> &keys)
{
    sqlite::Statement run = EVENTOPS_TRY(database.prepare("INSERT INTO dedupe_run(keys) VALUES (?)"));
    EVENTOPS_TRY(run.bindUnsigned(1, keys.size()).run());
    const std::int64_t id = database.lastRowId();
    sqlite::Statement page =
        EVENTOPS_TRY(database.prepare("INSERT INTO dedupe_page(run, first, data) VALUES (?, ?, ?)"));
    for (std::size_t from = 0; from < keys.size(); from += PageKeys) {
        const std::size_t count = std::min(PageKeys, keys.size() - from);
        const std::string_view bytes(reinterpret_cast<const char *>(keys.data() + from), count * sizeof(std::uint64_t));
        EVENTOPS_TRY(page.bind(1, id).bind(2, ordered(keys[from])).bindBlob(3, bytes).run());
    }
    return Ok{};
}

Status DedupeIndex::readRun(sqlite::Database &database, std::int64_t run, std::vector<std::uint64_t> &keys)
{
    sqlite::Statement pages =
        EVENTOPS_TRY(database.prepare("SELECT data FROM dedupe_page WHERE run = ? ORDER BY first"));
    pages.bind(1, run);
    while (EVENTOPS_TRY(pages.step())) {
        const std::string_view bytes = pages.text(0);
        const std::size_t from = keys.size();
        keys.resize(from + bytes.size() / sizeof(std::uint64_t));
        if (keys.size() > from)
            std::memcpy(keys.data() + from, bytes.data(), (keys.size() - from) * sizeof(std::uint64_t));
    }
    return Ok{};
}

Status DedupeIndex::mergeRuns(sqlite::Database &database)
{
    for (;;) {
        sqlite::Statement all = EVENTOPS_TRY(database.prepare("SELECT id, keys FROM dedupe_run ORDER BY id"));
        std::vector<std::vector<std::int64_t>> classes(24);
        while (EVENTOPS_TRY(all.step())) {
            const std::uint64_t size = all.unsignedInteger(1);
            if (size * RunsOfAClassMax <= MergedRunKeysMax)
                classes[sizeClass(size)].push_back(all.integer(0));
        }
        const auto full =
            std::find_if(classes.begin(), classes.end(), [](const auto &c) { return c.size() >= RunsOfAClassMax; });
        if (full == classes.end())
            return Ok{};
        std::vector<std::uint64_t> keys;
        for (const std::int64_t run : *full) {
            EVENTOPS_TRY(readRun(database, run, keys));
            EVENTOPS_TRY(database.execute("DELETE FROM dedupe_page WHERE run = " + std::to_string(run)));
            EVENTOPS_TRY(database.execute("DELETE FROM dedupe_run WHERE id = " + std::to_string(run)));
        }
        std::sort(keys.begin(), keys.end());
        keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
        EVENTOPS_TRY(writeRun(database, keys));
    }
}

Status DedupeIndex::add(sqlite::Database &database, std::vector<std::uint64_t> &keys)
{
    m_pending.clear();
    if (keys.empty())
        return Ok{};
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    EVENTOPS_TRY(writeRun(database, keys));
    EVENTOPS_TRY(mergeRuns(database));
    m_pending.swap(keys);
    return Ok{};
}

void DedupeIndex::committed()
{
    if (m_loaded) {
        m_keys += m_pending.size();
        if (m_keys > m_capacity && m_capacity < FilterKeysMax)
            m_loaded = false; // the next look-up builds a larger filter from the stored keys
        else
            for (const std::uint64_t key : m_pending)
                Membership::add(m_filter, key);
    }
    m_pending.clear();
}

Status DedupeIndex::load(sqlite::Database &database)
{
    m_keys =
        static_cast<std::uint64_t>(EVENTOPS_TRY(database.integer("SELECT coalesce(sum(keys), 0) FROM dedupe_run")));
    m_capacity = std::clamp(m_keys * 2, FilterKeysMin, FilterKeysMax);
    m_filter = Membership::sized(m_capacity);
    sqlite::Statement pages = EVENTOPS_TRY(database.prepare("SELECT data FROM dedupe_page"));
    while (EVENTOPS_TRY(pages.step())) {
        const std::string_view bytes = pages.text(0);
        for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); at += sizeof(std::uint64_t))
            Membership::add(m_filter, keyAt(bytes, at));
    }
    if (!m_runs)
        m_runs = EVENTOPS_TRY(database.prepare("SELECT id FROM dedupe_run ORDER BY id"));
    if (!m_findPage)
        m_findPage = EVENTOPS_TRY(database.prepare(
            "SELECT data FROM dedupe_page WHERE run = ? AND first <= ? ORDER BY first DESC LIMIT 1"));
    m_loaded = true;
    return Ok{};
}

/// Looks for the @p wanted ones of @p keys, which come in the order of their keys, so that a page is read once.
Status DedupeIndex::findIn(std::int64_t run, std::span<const std::uint64_t> keys, std::span<const std::size_t> wanted,
                           std::vector<bool> &found)
{
    std::vector<std::uint64_t> page;
    for (const std::size_t index : wanted) {
        const std::uint64_t key = keys[index];
        if (found[index])
            continue;
        if (page.empty() || key > page.back()) {
            m_findPage.reset();
            m_findPage.bind(1, run).bind(2, ordered(key));
            page.clear();
            if (EVENTOPS_TRY(m_findPage.step())) {
                const std::string_view bytes = m_findPage.text(0);
                page.resize(bytes.size() / sizeof(std::uint64_t));
                if (!page.empty())
                    std::memcpy(page.data(), bytes.data(), page.size() * sizeof(std::uint64_t));
            }
            m_findPage.reset();
        }
        if (std::binary_search(page.begin(), page.end(), key))
            found[index] = true;
    }
    return Ok{};
}

Result<std::vector<bool>> DedupeIndex::contains(sqlite::Database &database, std::span<const std::uint64_t> keys)
{
    if (!m_loaded)
        EVENTOPS_TRY(load(database));
    std::vector<bool> found(keys.size());
    std::vector<std::size_t> wanted;
    for (std::size_t i = 0; i < keys.size() && m_keys > 0; ++i) {
        if (Membership::mayContain(m_filter, keys[i]))
            wanted.push_back(i);
    }
    if (wanted.empty())
        return found;
    std::sort(wanted.begin(), wanted.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
    std::vector<std::int64_t> runs;
    m_runs.reset();
    while (EVENTOPS_TRY(m_runs.step()))
        runs.push_back(m_runs.integer(0));
    m_runs.reset();
    for (const std::int64_t run : runs)
        EVENTOPS_TRY(findIn(run, keys, wanted, found));
    return found;
}

} // namespace eventops
