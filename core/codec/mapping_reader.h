// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_envelope.h"
#include "core/codec/mapping.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Turns JSON documents into events by a Mapping. Thread: one.
class MappingReader
{
public:
    /// @p codec: the name under which events say how they were read; outlives this object.
    MappingReader(std::shared_ptr<const Mapping> mapping, std::string_view codec);
    /// Appends the events of @p document, valid JSON, to @p batch: all or none. @p document lives until this returns.
    DecodeFailure read(Batch &batch, std::uint32_t record, std::string_view document);

private:
    DecodeFailure splitLevel(Batch &batch, std::uint32_t record, const JsonSplit &split, std::size_t level,
                             const std::string &place);
    DecodeFailure element(Batch &batch, std::uint32_t record);
    DecodeFailure time(Batch &batch, Event &event);
    DecodeFailure numbers(Batch &batch, Event &event);
    StrId internText(Batch &batch, std::string_view value, Field field);
    DecodeFailure objects(Batch &batch, Event &event);
    DecodeFailure object(const ObjectMapping &mapping, std::string_view name);
    bool appendEntity(std::string &out, const EntityMapping &entity);
    void appendLink(std::string &list, const LinkMapping &link);
    template <typename Use> void forEach(const std::optional<JsonPath> &each, const Use &use);
    void relations(Batch &batch, Event &event);

    const std::shared_ptr<const Mapping> m_mapping;
    const std::string_view m_codec;
    std::vector<std::string_view> m_scopes; ///< The document, then the elements of each level of the split.
    std::size_t m_emission = 0;
    std::string m_made, m_scratch, m_object;
};

} // namespace eventops
