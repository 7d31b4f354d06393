// SPDX-License-Identifier: MIT
#include "core/base/json.h"
#include "core/codec/json_reader.h"
#include "core/pipeline/spec.h"

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace eventops {
namespace {

constexpr FieldSpec Fields[] = {
    {"cmdb", "yaml_file", "required", "YAML `name: {tag: value}` or CSV with the name in the first column."},
    {"key", "enum:source_or_entity|source|entity", "source_or_entity",
     "Which id is looked up; source_or_entity takes the entity's row when there is none of the source."},
};

constexpr std::size_t CacheSlots = 4'096; // of one batch; a power of two

/// The tags of one row, ready to be written.
struct Row {
    struct Tag {
        std::string name;
        std::string nameJson;
        std::string valueJson;
    };
    std::vector<Tag> tags;
    std::string json; ///< All of them as one object.
};

using Table = std::unordered_map<std::string, Row>; // looked up only, never walked

Result<Table> readTable(const Value &cmdb)
{
    if (!cmdb.isMap())
        return cmdb.error("a CMDB must be a map of names", "write `host-a: {env: prod}`");
    Table table;
    for (const auto &[name, tags] : cmdb.members()) {
        if (!tags.isMap())
            return tags.error("tags of \"" + name + "\" must be a map", "write `" + name + ": {env: prod}`");
        Row row;
        row.json = "{";
        for (const auto &[tagName, value] : tags.members()) {
            Row::Tag tag;
            tag.name = tagName;
            appendJsonString(tag.nameJson, tagName);
            value.appendJson(tag.valueJson);
            if (!row.tags.empty())
                row.json += ',';
            row.json += tag.nameJson + ':' + tag.valueJson;
            row.tags.push_back(std::move(tag));
        }
        row.json += '}';
        table.emplace(name, std::move(row));
    }
    return table;
}

/// Adds tags from a table to events (contract E27): `{**cmdb, **event.tags}`. The table's tags stand first and in its
/// order, a tag of the event's own keeps its value, and all values stay as they were written.
class Enrich final : public MapStage
{
public:
    Enrich(Table table, bool bySource, bool byEntity)
        : m_table(std::move(table)), m_bySource(bySource), m_byEntity(byEntity), m_cache(CacheSlots)
    {
    }

    void process(Batch &batch, MapContext &) override
    {
        if (++m_generation == 0) { // wrapped: ids of old batches could look valid
            m_cache.assign(CacheSlots, {});
            m_generation = 1;
        }
        for (Event &event : batch.events) {
            const StrId source = m_bySource ? event[Field::SourceId] : NoStr;
            const StrId entity = m_byEntity ? event[Field::EntityId] : NoStr;
            const StrId tags = event[Field::Tags];
            Cached &cached = m_cache[slot(source, entity, tags)];
            if (cached.generation != m_generation || cached.source != source || cached.entity != entity ||
                cached.tags != tags)
                cached = {m_generation, source, entity, tags, merge(batch, source, entity, tags)};
            event[Field::Tags] = cached.merged;
        }
    }

private:
    struct Cached {
        std::uint32_t generation = 0;
        StrId source = NoStr, entity = NoStr, tags = NoStr, merged = NoStr;
    };

    static std::size_t slot(StrId source, StrId entity, StrId tags)
    {
        const std::uint32_t mixed = static_cast<std::uint32_t>(source) * 0x9e3779b1u ^
                                    static_cast<std::uint32_t>(entity) * 0x85ebca6bu ^
                                    static_cast<std::uint32_t>(tags) * 0xc2b2ae35u;
        return (mixed ^ (mixed >> 15)) & (CacheSlots - 1);
    }

    const Row *find(const Batch &batch, StrId id)
    {
        if (id == NoStr)
            return nullptr;
        const std::string_view text = batch.text(id);
        m_key.assign(text);
        auto found = m_table.find(m_key);
        if (const std::size_t colon = text.find(':'); found == m_table.end() && colon != std::string_view::npos) {
            m_key.erase(0, colon + 1); // "host:host-a" is the entity of host-a
            found = m_table.find(m_key);
        }
        return found == m_table.end() ? nullptr : &found->second;
    }

    StrId merge(Batch &batch, StrId source, StrId entity, StrId tags)
    {
        const Row *row = find(batch, source);
        if (row == nullptr)
            row = find(batch, entity);
        if (row == nullptr || row->tags.empty())
            return tags;
        const std::string_view own = tags == NoStr ? std::string_view("{}") : batch.text(tags);
        if (own == "{}")
            return batch.strings.intern(row->json);
        m_merged = "{";
        for (const Row::Tag &tag : row->tags) {
            const auto over = jsonMember(own, tag.name);
            append(tag.nameJson, over ? *over : std::string_view(tag.valueJson));
        }
        JsonItems items(own);
        for (std::string_view name, value; items.next(name, value);) {
            if (isIn(*row, jsonUnescape(name, m_scratch)))
                continue;
            m_key = '"';
            m_key += name;
            m_key += '"';
            append(m_key, value);
        }
        m_merged += '}';
        return batch.strings.intern(m_merged);
    }

    void append(std::string_view nameJson, std::string_view value)
    {
        if (m_merged.size() > 1)
            m_merged += ',';
        m_merged += nameJson;
        m_merged += ':';
        m_merged += value;
    }

    static bool isIn(const Row &row, std::string_view name)
    {
        for (const Row::Tag &tag : row.tags) {
            if (tag.name == name)
                return true;
        }
        return false;
    }

    const Table m_table;
    const bool m_bySource, m_byEntity;
    std::vector<Cached> m_cache;
    std::uint32_t m_generation = 0;
    std::string m_key, m_merged, m_scratch;
};

Result<std::unique_ptr<MapStage>> make(const Value &settings)
{
    Table table = EVENTOPS_TRY(readTable(settings.at("cmdb")));
    const std::string key = EVENTOPS_TRY(settings.at("key").text());
    return std::unique_ptr<MapStage>(std::make_unique<Enrich>(std::move(table), key != "entity", key != "source"));
}

} // namespace

extern const StageSpec EnrichStage;
const StageSpec EnrichStage{"enrich", "Adds tags from a table of hosts or entities; an event's own tags win.",
                            Fields, {}, make, nullptr, nullptr};

} // namespace eventops
