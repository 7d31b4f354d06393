// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// An event as a source sent it, before any transformer looked at it.
struct RawEvent {
    std::int64_t id = 0; ///< −1: of a dry run.
    std::string tenant, source;
    std::string contentType; ///< In small letters, without parameters.
    std::string body;
    WallNs time = NoTime; ///< When it happened, as its sender says; else when it came in.
    WallNs ingested = NoTime;
};

/// What one transformer makes of one event. All empty: it has nothing to say of such an event.
struct TransformerOutput {
    struct Processed {
        std::string type;
        std::optional<std::string> entity;
        std::string data = "{}"; ///< A JSON object.
        std::optional<std::string> severity, message;
    };
    struct EntityRef {
        std::string id, type;
    };
    struct LinkRef {
        std::string source, target; ///< Ids; directed.
    };
    std::vector<Processed> events;
    std::vector<EntityRef> entities;
    std::vector<LinkRef> links;
    bool empty() const { return events.empty() && entities.empty() && links.empty(); }
};

/// What a person configured as a transformer.
struct TransformerSetup {
    std::string type;
    std::string settings = "{}"; ///< A JSON object; what it may hold is the type's to say.
};

/// Turns raw events into processed ones, entities and links. Thread: one at a time.
class Transformer
{
public:
    virtual ~Transformer();
    /// One answer for each event, in order. An error is that event's: others are not touched by it. Must come back by
    /// itself, whatever the events hold.
    virtual std::vector<Result<TransformerOutput>> transform(std::span<const RawEvent> events) = 0;
    /// Nobody wants the answers any more: what is under way comes back soon, with answers that count for nothing.
    /// Thread: any.
    virtual void cancel() {}
};

/// Transformers by the name of their type. Thread: immutable once all are added, any.
class TransformerRegistry
{
public:
    /// InvalidConfig: the settings will not do. Unavailable: what the type needs is not on this machine, and may be
    /// later.
    using Factory = std::function<Result<std::shared_ptr<Transformer>>(const TransformerSetup &)>;

    void add(std::string type, Factory factory); ///< In place of one of that name.
    const Factory *find(std::string_view type) const;
    /// NotFound names the types there are; else as the factory says.
    Result<std::shared_ptr<Transformer>> make(const TransformerSetup &setup) const;

private:
    std::vector<std::pair<std::string, Factory>> m_factories;
};

} // namespace eventops
