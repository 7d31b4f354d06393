// SPDX-License-Identifier: MIT
#include "core/entropy/name_table.h"

#include "core/base/text.h"

#include <algorithm>

namespace eventops {

void NameTable::put(std::uint64_t key, std::string_view text, std::uint32_t age)
{
    const auto [entry, isNew] = m_names.findOrInsert(tableKey(key));
    entry.seen = std::max(entry.seen, age);
    if (!isNew)
        return;
    entry.text = std::string(utf8Prefix(text, BytesMax));
}

std::string_view NameTable::name(std::uint64_t key) const
{
    const Name *entry = m_names.find(tableKey(key));
    return entry != nullptr ? std::string_view(entry->text) : std::string_view();
}

void NameTable::merge(const NameTable &delta)
{
    for (const Name *name : delta.m_names.sorted())
        put(name->key, name->text, name->seen);
}

void NameTable::save(StateWriter &out) const
{
    const auto names = m_names.sorted();
    out.u64(names.size());
    for (const Name *name : names) {
        out.u64(name->key);
        out.u64(name->seen);
        out.text(name->text);
    }
}

Status NameTable::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "the names of steps are damaged"};
    clear();
    const std::uint64_t count = in.u64();
    if (count > m_names.entriesMax())
        return corrupt;
    for (std::uint64_t n = 0; n < count && !in.failed(); ++n) {
        Name &name = m_names.findOrInsert(tableKey(in.u64())).first;
        name.seen = static_cast<std::uint32_t>(in.u64());
        name.text = std::string(in.text());
    }
    return in.failed() ? Status(corrupt) : Status(Ok{});
}

} // namespace eventops
