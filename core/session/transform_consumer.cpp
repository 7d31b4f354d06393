// SPDX-License-Identifier: MIT
#include "core/session/transform_consumer.h"

#include "core/codec/json_reader.h"
#include "core/codec/transformed_documents.h"

#include <algorithm>
#include <chrono>

namespace eventops {
namespace {

constexpr const char *LockName = "transform";
constexpr std::chrono::milliseconds LookTime{500}; ///< Between two looks for what other processes put there.
constexpr std::chrono::seconds TakeTime{1};        ///< That a queue outside of the ledger is asked to wait.
constexpr std::size_t RowsMax = 1'000;             ///< Of each kind that one output may have.
constexpr std::size_t NameBytesMax = 4'096;        ///< Of an id or a type.
constexpr std::size_t DataBytesMax = 4u << 20;     ///< Of one event.

Error unfitBecause(std::string what)
{
    return Error{Error::Code::InvalidInput, std::move(what)};
}

} // namespace

std::optional<Error> unfit(const TransformerOutput &output)
{
    if (std::max({output.events.size(), output.entities.size(), output.links.size()}) > RowsMax)
        return unfitBecause("it makes more than 1000 events, entities or links of one raw event");
    const auto isName = [](const std::string &name) {
        return !name.empty() && name.size() <= NameBytesMax && isValidUtf8(name);
    };
    for (const TransformerOutput::Processed &event : output.events) {
        if (!isName(event.type))
            return unfitBecause("an event's type is missing, too long or no UTF-8");
        if (event.entity && !isName(*event.entity))
            return unfitBecause("the id of an event's entity is missing, too long or no UTF-8");
        JsonReader data;
        if (event.data.size() > DataBytesMax || data.read(event.data) || data.kind() != JsonKind::Object)
            return unfitBecause("an event's data is no JSON object, or larger than 4 MiB");
        if (!isValidUtf8(event.message.value_or("")) || !isValidUtf8(event.severity.value_or("")))
            return unfitBecause("an event's message or severity is no UTF-8");
    }
    for (const TransformerOutput::EntityRef &entity : output.entities) {
        if (!isName(entity.id) || !isName(entity.type))
            return unfitBecause("an entity's id or type is missing, too long or no UTF-8");
    }
    for (const TransformerOutput::LinkRef &link : output.links) {
        if (!isName(link.source) || !isName(link.target))
            return unfitBecause("an end of a link is missing, too long or no UTF-8");
    }
    return std::nullopt;
}

Result<std::shared_ptr<Transformer>> TransformerPool::get(const TransformerRow &row)
{
    const auto found = m_kept.find(row.id);
    if (found != m_kept.end() && found->second.type == row.type && found->second.settings == row.settings)
        return found->second.transformer;
    if (m_kept.size() >= KeptMax)
        m_kept.clear();
    auto made = m_registry.make({row.type, row.settings});
    if (made)
        m_kept[row.id] = {row.type, row.settings, made.value()};
    return made;
}

TransformConsumer::TransformConsumer(Workspace workspace, const TransformerRegistry &registry, Options options)
    : m_workspace(std::move(workspace)),
      m_options(std::move(options)),
      m_pool(registry),
      m_thread([this] { work(); })
{
}

TransformConsumer::~TransformConsumer()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
        if (m_running)
            m_running->cancel();
    }
    m_wake.notify_all();
    m_thread.join();
}

void TransformConsumer::wake()
{
    const std::lock_guard lock(m_mutex);
    m_woken = true;
    m_wake.notify_all();
}

bool TransformConsumer::ended() const
{
    const std::lock_guard lock(m_mutex);
    return m_ended;
}

bool TransformConsumer::runsSomewhere(const Workspace &workspace)
{
    const auto lock = FileLock::take(workspace, LockName); // given up at once: who wants it looks often
    return !lock && lock.error().code == Error::Code::Busy;
}

void TransformConsumer::work()
{
    for (;;) {
        const auto more = step();
        const std::string trouble = more || ended() ? std::string() : more.error().text();
        if (m_options.told && !trouble.empty() && trouble != m_trouble)
            m_options.told("transforming: " + trouble);
        m_trouble = trouble;
        std::unique_lock lock(m_mutex);
        if (!more || !more.value())
            m_wake.wait_for(lock, LookTime, [this] { return m_ended || m_woken; });
        m_woken = false;
        if (m_ended)
            break;
    }
    if (m_queue != nullptr && !m_taken.empty())
        m_queue->release(m_taken);
}

/// True: this process is the one.
Result<bool> TransformConsumer::takeLock()
{
    if (m_lock)
        return true;
    auto lock = FileLock::take(m_workspace, LockName);
    if (!lock && lock.error().code != Error::Code::Busy) {
        m_state = State::Off;
        return std::move(lock).error();
    }
    if (lock)
        m_lock.emplace(std::move(lock).value());
    m_state = m_lock ? State::Running : State::Elsewhere;
    return m_lock.has_value();
}

Status TransformConsumer::open()
{
    if (m_store != nullptr && !m_store->isCurrent()) { // what was taken is another ledger's
        m_queue.reset();
        m_taken.clear();
        m_store.reset();
    }
    if (m_store == nullptr)
        m_store = EVENTOPS_TRY(TransformStore::open(m_workspace.directory, m_options.clock));
    if (m_queue == nullptr)
        m_queue = EVENTOPS_TRY(m_options.queue.open(*m_store, [this] { return ended(); }));
    return Ok{};
}

/// True: there may be more.
Result<bool> TransformConsumer::step()
{
    if (!EVENTOPS_TRY(takeLock()))
        return false;
    EVENTOPS_TRY(open());
    if (m_taken.empty()) {
        const bool waits = m_options.queue.kind() != EventQueueSettings::Kind::Ledger; // which wakes us
        const auto begun = std::chrono::steady_clock::now();
        m_taken = EVENTOPS_TRY(m_queue->take(BatchMax, waits ? TakeTime : std::chrono::milliseconds(0)));
        if (m_taken.empty()) // one that waited may be asked again at once; one that did not must not be pestered
            return waits && std::chrono::steady_clock::now() - begun >= LookTime;
    }
    return work(m_taken);
}

/// What is to be done about one message: an event to be transformed, a failure, or nothing as it is done already.
Status TransformConsumer::judge(const TakenEvent &taken, std::vector<RawEvent> &events,
                                std::vector<FailedEvent> &failed)
{
    if (taken.id == 0) {
        failed.push_back({taken, "the message names no raw event"});
        return Ok{};
    }
    // One that is there twice comes after itself.
    const bool again =
        std::any_of(events.begin(), events.end(), [&](const RawEvent &event) { return event.id == taken.id; });
    auto event = again ? std::optional<RawEvent>() : EVENTOPS_TRY(m_store->waitingEvent(taken.id));
    if (event)
        events.push_back(std::move(*event));
    else if (!again && taken.id > EVENTOPS_TRY(m_store->lastRaw()))
        failed.push_back({taken, "no raw event has had this id here: it is another workspace's queue"});
    return Ok{};
}

/// As many of @p taken as go together; they are acknowledged and taken from it.
Result<bool> TransformConsumer::work(std::vector<TakenEvent> &taken)
{
    std::vector<RawEvent> events;
    std::vector<FailedEvent> failed;
    std::size_t count = 0;
    for (std::size_t bytes = 0; count < taken.size() && bytes < TransformStore::WaitingBytesMax; ++count) {
        const std::size_t before = events.size();
        EVENTOPS_TRY(judge(taken[count], events, failed));
        bytes += events.size() > before ? events.back().body.size() : 0;
    }
    const auto outcomes = EVENTOPS_TRY(transform(events));
    if (ended()) // answers may have been cut short
        return false;
    const std::span<const TakenEvent> done(taken.data(), count);
    for (std::size_t i = 0; i < events.size(); ++i) {
        for (const auto &[row, output] : outcomes[i]) {
            const auto one = std::find_if(done.begin(), done.end(),
                                          [&](const TakenEvent &entry) { return entry.id == events[i].id; });
            if (!output)
                failed.push_back({*one, row.name + ": " + output.error().text()});
        }
    }
    // Before it is done: who dies in between says it twice, never not at all.
    EVENTOPS_TRY(m_queue->deadLetter(failed));
    EVENTOPS_TRY(m_store->begin());
    Status stored = store(events, outcomes, done);
    if (!stored) {
        m_store->rollback();
        return stored.error();
    }
    EVENTOPS_TRY(m_store->commit());
    const Status acknowledged = m_queue->acknowledge(done); // else they come again, and are known
    taken.erase(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(count));
    if (!events.empty())
        m_options.stored();
    EVENTOPS_TRY(acknowledged);
    return true;
}

/// What the active transformers of each event's source make of it. Events of one source that follow each other are
/// given to a transformer together.
Result<std::vector<std::vector<TransformConsumer::Outcome>>>
TransformConsumer::transform(const std::vector<RawEvent> &events)
{
    std::vector<std::vector<Outcome>> out(events.size());
    for (std::size_t first = 0; first < events.size();) {
        const RawEvent &one = events[first];
        std::size_t end = first + 1;
        while (end < events.size() && events[end].tenant == one.tenant && events[end].source == one.source
               && events[end].contentType == one.contentType)
            ++end;
        const TenantList tenants{one.tenant};
        for (const TransformSource &source : EVENTOPS_TRY(m_store->sourcesNamed(one.source, tenants))) {
            if (source.contentType != one.contentType)
                continue;
            for (const TransformerRow &row : EVENTOPS_TRY(m_store->transformers(source.id, tenants))) {
                if (!row.active)
                    continue;
                auto answers = run(row, std::span(events).subspan(first, end - first));
                for (std::size_t i = first; i < end; ++i)
                    out[i].emplace_back(row, std::move(answers[i - first]));
            }
        }
        first = end;
    }
    return out;
}

std::vector<Result<TransformerOutput>> TransformConsumer::run(const TransformerRow &row,
                                                              std::span<const RawEvent> events)
{
    auto transformer = m_pool.get(row);
    if (!transformer)
        return std::vector<Result<TransformerOutput>>(events.size(), transformer.error());
    {
        const std::lock_guard lock(m_mutex);
        if (m_ended)
            return std::vector<Result<TransformerOutput>>(events.size(), Error{Error::Code::Cancelled, "ended"});
        m_running = transformer.value();
    }
    auto answers = transformer.value()->transform(events);
    {
        const std::lock_guard lock(m_mutex);
        m_running.reset();
    }
    answers.resize(events.size(), unfitBecause("the transformer gave no answer"));
    for (auto &answer : answers) {
        if (!answer)
            continue;
        if (auto wrong = unfit(answer.value()))
            answer = std::move(*wrong);
    }
    return answers;
}

Status TransformConsumer::store(const std::vector<RawEvent> &events, const std::vector<std::vector<Outcome>> &outcomes,
                                std::span<const TakenEvent> done)
{
    for (std::size_t i = 0; i < events.size(); ++i) {
        EVENTOPS_TRY(storeEvent(events[i], outcomes[i]));
        EVENTOPS_TRY(m_store->finish(events[i].id));
    }
    std::map<std::string, std::uint64_t> places;
    for (const TakenEvent &taken : done) {
        if (!taken.place.empty())
            places[taken.place] = taken.next;
    }
    for (const auto &[place, next] : places)
        EVENTOPS_TRY(m_store->setPlace(place, next));
    return Ok{};
}

Status TransformConsumer::storeEvent(const RawEvent &event, const std::vector<Outcome> &outcomes)
{
    bool told = false;
    for (const auto &[row, output] : outcomes) {
        if (!output) {
            told = true;
            EVENTOPS_TRY(m_store->addOutgoing(encodeTransformFailure(event, row.id, row.name, output.error().text())));
        } else if (!output.value().empty()) {
            told = told || !output.value().events.empty();
            EVENTOPS_TRY(storeOutput(event, row, output.value()));
        }
    }
    if (told)
        return Ok{};
    // Nobody makes an event of it: it is one itself, for people to see, with what else was said of it.
    TransformerOutput all;
    for (const auto &[row, output] : outcomes) {
        all.entities.insert(all.entities.end(), output.value().entities.begin(), output.value().entities.end());
        all.links.insert(all.links.end(), output.value().links.begin(), output.value().links.end());
    }
    return m_store->addOutgoing(encodeUntransformed(event, all.entities, all.links));
}

Status TransformConsumer::storeOutput(const RawEvent &event, const TransformerRow &row, const TransformerOutput &output)
{
    for (const TransformerOutput::EntityRef &entity : output.entities)
        EVENTOPS_TRY(m_store->addEntity(event.tenant, entity));
    for (const TransformerOutput::LinkRef &link : output.links)
        EVENTOPS_TRY(m_store->addLink(event.tenant, link));
    // What each of them is, as was said first.
    std::map<std::string, std::string> types;
    const auto look = [&](const std::string &id) -> Status {
        const auto known = m_store->entity(id, {event.tenant});
        if (known)
            types[id] = known.value().second.type;
        return known || known.error().code == Error::Code::NotFound ? Status(Ok{}) : Status(known.error());
    };
    for (const TransformerOutput::EntityRef &entity : output.entities)
        EVENTOPS_TRY(look(entity.id));
    for (const TransformerOutput::LinkRef &link : output.links) {
        EVENTOPS_TRY(look(link.source));
        EVENTOPS_TRY(look(link.target));
    }
    std::vector<TransformerOutput::EntityRef> entities;
    for (const auto &[id, type] : types)
        entities.push_back({id, type});
    ProcessedDocument document;
    document.raw = &event;
    document.sourceId = row.source;
    document.transformerId = row.id;
    document.processed = m_store->now();
    for (std::size_t i = 0; i < output.events.size(); ++i) {
        const TransformerOutput::Processed &made = output.events[i];
        if (made.entity)
            EVENTOPS_TRY(look(*made.entity));
        ProcessedRow processed{0, event.id, row.source, row.id, event.tenant, made, document.processed, event.time};
        document.id = EVENTOPS_TRY(m_store->addProcessed(processed));
        document.event = &made;
        document.entityType = made.entity && types.contains(*made.entity) ? types[*made.entity] : std::string();
        if (i == 0) { // once is enough
            document.entities = entities;
            document.links = output.links;
        } else {
            document.entities = {};
            document.links = {};
        }
        EVENTOPS_TRY(m_store->addOutgoing(encodeProcessed(document)));
    }
    return Ok{};
}

} // namespace eventops
