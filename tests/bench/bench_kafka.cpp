// SPDX-License-Identifier: MIT
//
// What reading a topic into the ledger costs, against librdkafka handing out the same messages and nothing being done
// with them; and how long a message takes from the broker's acknowledgement until a subscriber of the back end hears
// that it is stored. On an Apache Kafka of its own (installer/kafka), whose time does not count.
//
//   bench_kafka [MESSAGES] [ROUNDS]     default 1,000,000 agents' lines, 3 interleaved rounds; 0 rounds: only how long
//                                       a message takes; negative: only what reading costs
#include "core/config/pipeline_file.h"
#include "core/session/engine.h"
#include "core/session/local_backend.h"
#include "pipelines/components.h"
#include "tests/bench/measure.h"
#include "tests/bench/workload.h"
#include "tests/support/real_kafka.h"

#include <librdkafka/rdkafka.h>

#include <QtCore/QCoreApplication>
#include <QtCore/QTemporaryDir>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <thread>
#include <vector>

namespace eventops {
namespace {

using namespace bench;
using Steady = std::chrono::steady_clock;

constexpr char Topic[] = "ingest.raw.agent";
constexpr double RateFloor = 0.5;   ///< Of bare consuming, in messages a CPU second.
constexpr double FetchWaitMs = 100; ///< As our consumers ask for.
constexpr double SlackMs = 10;
constexpr std::size_t LiveMessages = 10'000; ///< One a millisecond.

double milliseconds(Steady::duration time)
{
    return std::chrono::duration<double, std::milli>(time).count();
}

double quantile99(std::vector<double> values)
{
    if (values.empty())
        die("nothing was timed");
    std::sort(values.begin(), values.end());
    return values[values.size() * 99 / 100];
}

std::uint64_t produceWorkload(test::RealKafka &broker, std::uint64_t lines)
{
    const std::string text = agentWorkload(lines);
    std::vector<test::KafkaPeer::Record> records;
    std::uint64_t sent = 0;
    const auto send = [&] {
        if (!broker.peer().produce(Topic, 0, records))
            die("the broker did not take the messages");
        sent += records.size();
        records.clear();
    };
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (end > at)
            records.push_back({text.substr(at, end - at)});
        at = end + 1;
        if (records.size() == 50'000)
            send();
    }
    send();
    return sent;
}

/// The limit: every message is handed out, and its bytes are counted.
std::uint64_t consumeOnly(const std::string &brokers, std::uint64_t messages)
{
    char said[512] = "";
    rd_kafka_conf_t *const config = rd_kafka_conf_new();
    for (const auto &[name, value] : {std::pair("bootstrap.servers", brokers.c_str()),
                                      {"check.crcs", "true"},
                                      {"isolation.level", "read_committed"},
                                      {"queued.max.messages.kbytes", "4096"}})
        rd_kafka_conf_set(config, name, value, said, sizeof said);
    rd_kafka_t *const consumer = rd_kafka_new(RD_KAFKA_CONSUMER, config, said, sizeof said);
    rd_kafka_topic_t *const topic = rd_kafka_topic_new(consumer, Topic, nullptr);
    rd_kafka_consume_start(topic, 0, RD_KAFKA_OFFSET_BEGINNING);
    std::vector<rd_kafka_message_t *> fetched(1'000);
    std::uint64_t count = 0, bytes = 0;
    while (count < messages) {
        const ssize_t got = rd_kafka_consume_batch(topic, 0, 10'000, fetched.data(), fetched.size());
        if (got <= 0)
            die("the broker gave nothing for ten seconds");
        for (ssize_t i = 0; i < got; ++i) {
            const rd_kafka_message_t *const message = fetched[static_cast<std::size_t>(i)];
            count += message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : 0;
            bytes += message->len;
            rd_kafka_message_destroy(fetched[static_cast<std::size_t>(i)]);
        }
    }
    rd_kafka_consume_stop(topic, 0);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(consumer);
    volatile std::uint64_t keep = bytes;
    (void)keep;
    return count;
}

PipelineSpec pipelineOver(const std::string &brokers, const char *more)
{
    const std::string data = std::string(EVENTOPS_SOURCE_DIR) + "/pipelines";
    const Registry registry{builtinStages(), builtinSources()};
    PipelineSpec shipped = need(loadPipeline(data + "/definitions/default.yaml", registry, data));
    const std::string text =
        "pipeline: bench\nsources:\n  - kafka: {brokers: \"" + brokers + "\", topics: [" + Topic + "]" + more + "}\n";
    const PipelineSpec source = need(parsePipeline(text, "bench.yaml", registry, data));
    shipped.sources = source.sources;
    return shipped;
}

Counters runDurable(const std::string &brokers, bool keepRaw)
{
    const QTemporaryDir directory;
    PipelineSpec spec = pipelineOver(brokers, ", follow: false");
    spec.keepRaw = keepRaw;
    const auto engine = need(Engine::start(Workspace{directory.path().toStdString()}, spec, {}));
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(need(spec.sources.front().spec->make(spec.sources.front().settings, {})));
    for (auto &other : sources.back()->takeOthers())
        sources.push_back(std::move(other));
    need(engine->read(std::move(sources)));
    return need(engine->ledger().counters());
}

bool compareRates(test::RealKafka &broker, std::uint64_t lines, int rounds)
{
    const std::uint64_t messages = produceWorkload(broker, lines);
    double bare = 1e9, plain = 1e9, raw = 1e9;
    const auto timed = [](double &best, const auto &work) {
        const double begin = cpuSeconds();
        const std::uint64_t done = work();
        best = std::min(best, cpuSeconds() - begin);
        return done;
    };
    for (int round = 0; round < rounds; ++round) {
        if (timed(bare, [&] { return consumeOnly(broker.brokers(), messages); }) != messages)
            die("not every message was handed out");
        if (timed(plain, [&] { return runDurable(broker.brokers(), false).received; }) != messages
            || timed(raw, [&] { return runDurable(broker.brokers(), true).received; }) != messages)
            die("not every message was read");
    }
    const auto count = static_cast<double>(messages);
    std::printf("%llu messages, %d interleaved rounds, smallest CPU time of each\n\n",
                static_cast<unsigned long long>(messages), rounds);
    std::printf("  %-52s %8.3f CPU-s/M\n", "librdkafka alone (the limit)", bare * 1e6 / count);
    std::printf("  %-52s %8.3f\n", "into the ledger, without raw records", plain * 1e6 / count);
    std::printf("  %-52s %8.3f\n\n", "into the ledger, raw records kept", raw * 1e6 / count);
    const bool met = verdict("messages a CPU second, without raw, of bare", bare / plain, RateFloor, true);
    verdict("messages a CPU second, raw kept, of bare", bare / raw, RateFloor, true);
    return met;
}

/// Milliseconds of an fsync after a page was added to a file of @p directory.
double fsyncP99(const QTemporaryDir &directory)
{
    const std::string path = directory.filePath(QStringLiteral("synced")).toStdString();
    const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    const std::string page(4'096, 'x');
    std::vector<double> times;
    for (int i = 0; i < 300; ++i) {
        if (::write(file, page.data(), page.size()) != static_cast<ssize_t>(page.size()))
            die("cannot write " + path);
        const auto begin = Steady::now();
        ::fsync(file);
        times.push_back(milliseconds(Steady::now() - begin));
    }
    ::close(file);
    return quantile99(std::move(times));
}

/// Sends numbered messages, one a millisecond, and notes when each was acknowledged.
class Trickle
{
public:
    Trickle(const std::string &brokers, std::size_t count) : m_acknowledged(count)
    {
        char said[512] = "";
        rd_kafka_conf_t *const config = rd_kafka_conf_new();
        rd_kafka_conf_set(config, "bootstrap.servers", brokers.c_str(), said, sizeof said);
        rd_kafka_conf_set(config, "linger.ms", "0", said, sizeof said);
        rd_kafka_conf_set(config, "enable.idempotence", "true", said, sizeof said);
        rd_kafka_conf_set_opaque(config, this);
        rd_kafka_conf_set_dr_msg_cb(config, [](rd_kafka_t *, const rd_kafka_message_t *sent, void *self) {
            if (sent->err != RD_KAFKA_RESP_ERR_NO_ERROR)
                die("the broker did not take a message");
            const auto number = reinterpret_cast<std::uintptr_t>(sent->_private);
            static_cast<Trickle *>(self)->m_acknowledged[number] = Steady::now();
        });
        m_producer = rd_kafka_new(RD_KAFKA_PRODUCER, config, said, sizeof said);
        m_topic = rd_kafka_topic_new(m_producer, "live", nullptr);
    }
    ~Trickle()
    {
        rd_kafka_topic_destroy(m_topic);
        rd_kafka_destroy(m_producer);
    }
    Trickle(const Trickle &) = delete;
    Trickle &operator=(const Trickle &) = delete;

    void send()
    {
        const auto begin = Steady::now();
        for (std::size_t i = 0; i < m_acknowledged.size(); ++i) {
            std::this_thread::sleep_until(begin + i * std::chrono::milliseconds(1));
            const std::string text = R"({"tenant_id":"acme","host":"host-)" + std::to_string(i % 50)
                                     + R"(","metric":"cpu_load","value":20,"ts_event":)"
                                     + std::to_string(1'760'000'000 + i / 50) + "}";
            rd_kafka_produce(m_topic, 0, RD_KAFKA_MSG_F_COPY, const_cast<char *>(text.data()), text.size(), nullptr, 0,
                             reinterpret_cast<void *>(static_cast<std::uintptr_t>(i)));
            rd_kafka_poll(m_producer, 0);
        }
        rd_kafka_flush(m_producer, 30'000);
    }
    const std::vector<Steady::time_point> &acknowledged() const { return m_acknowledged; }

private:
    rd_kafka_t *m_producer = nullptr;
    rd_kafka_topic_t *m_topic = nullptr;
    std::vector<Steady::time_point> m_acknowledged;
};

bool measureLatency(test::RealKafka &broker)
{
    if (const std::string wrong = broker.peer().makeTopic("live", 1); !wrong.empty())
        die(wrong);
    const QTemporaryDir directory;
    const double fsyncMs = fsyncP99(directory);
    LocalBackendOptions options;
    options.registry = {builtinStages(), builtinSources()};
    options.dataDirectory = std::string(EVENTOPS_SOURCE_DIR) + "/pipelines";
    LocalBackend backend(Workspace{directory.path().toStdString()}, std::move(options));
    const Caller caller{"bench", Role::Admin, {}};

    std::vector<Steady::time_point> visible(LiveMessages);
    std::atomic<std::size_t> seen{0};
    Ticket watching = backend.subscribe(caller, [&](const Change &change) {
        const auto now = Steady::now();
        const auto places = static_cast<std::size_t>(change.events);
        for (std::size_t i = seen; i < std::min(places, LiveMessages); ++i)
            visible[i] = now;
        seen = std::min(places, LiveMessages);
    });
    ReplayRequest request;
    request.pipelineText = "pipeline: live\nsources:\n  - kafka: {brokers: \"" + broker.brokers()
                           + "\", topics: [live], codec: eventops.agent, follow: true}\n";
    std::promise<Result<WorkspaceSummary>> ended;
    auto end = ended.get_future();
    Ticket run = backend.replay(caller, request, {},
                                [&](Result<WorkspaceSummary> outcome) { ended.set_value(std::move(outcome)); });
    if (end.wait_for(std::chrono::seconds(2)) == std::future_status::ready) // till it has connected
        die(end.get().error().text());
    Trickle trickle(broker.brokers(), LiveMessages);
    trickle.send();
    for (int waited = 0; seen < LiveMessages; ++waited) {
        if (waited > 300)
            die("only " + std::to_string(seen) + " messages became visible");
        if (end.wait_for(std::chrono::milliseconds(100)) == std::future_status::ready)
            die(end.get().error().text());
    }
    run.cancel();
    end.wait();
    watching.cancel();

    std::vector<double> times;
    for (std::size_t i = LiveMessages / 10; i < LiveMessages; ++i) // the first second warms up
        times.push_back(milliseconds(visible[i] - trickle.acknowledged()[i]));
    std::printf("\n%zu messages, one a millisecond; fsync p99 %.1f ms\n\n", times.size(), fsyncMs);
    return verdict("acknowledged to visible, p99, ms", quantile99(std::move(times)),
                   FetchWaitMs + 2 * fsyncMs + SlackMs, false);
}

int runBench(std::uint64_t lines, int rounds)
{
    if (test::RealKafka::jars().isEmpty() || test::RealKafka::java().isEmpty())
        die("there is no Kafka here; install it with: installer/kafka");
    test::RealKafka broker;
    if (!broker.isUp())
        die("Kafka does not start: " + broker.output().toStdString());
    if (const std::string wrong = broker.peer().makeTopic(Topic, 1); !wrong.empty())
        die(wrong);
    const bool fast = rounds == 0 || compareRates(broker, lines, std::abs(rounds));
    const bool prompt = rounds < 0 || measureLatency(broker);
    return fast && prompt ? 0 : 1;
}

} // namespace
} // namespace eventops

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    return eventops::runBench(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000,
                              argc > 2 ? std::atoi(argv[2]) : 3);
}
