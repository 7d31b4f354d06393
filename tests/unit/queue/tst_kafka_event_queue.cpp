// SPDX-License-Identifier: MIT
//
// A topic of Kafka as the queue of raw events.
#include "tests/support/test_main.h"

#include "core/queue/kafka_event_queue.h"
#include "tests/support/mock_cluster.h"

#include <QtCore/QElapsedTimer>

#include <map>
#include <memory>

using namespace eventops;

namespace {

constexpr const char *Topic = "raw-events", *Letters = "dlq-events";
constexpr std::chrono::milliseconds Wait{500};

/// A queue, and the places that a ledger would keep for it.
class Reading
{
public:
    explicit Reading(const std::string &brokers, const char *letters = Letters)
    {
        KafkaEventQueue::Options options;
        options.connection.brokers = brokers;
        options.topic = Topic;
        options.deadLetters = letters;
        options.position = [this](const std::string &place) -> Result<std::optional<std::uint64_t>> {
            const auto found = places.find(place);
            return found != places.end() ? std::optional(found->second) : std::optional<std::uint64_t>();
        };
        options.mustStop = [] {
            return false;
        };
        m_options = options;
        again();
    }
    /// As after a crash: nothing is known but the places.
    void again() { queue = std::make_unique<KafkaEventQueue>(m_options); }
    /// Until there are @p count of them, or nothing comes for long.
    std::vector<TakenEvent> take(std::size_t count)
    {
        std::vector<TakenEvent> out;
        QElapsedTimer timer;
        for (timer.start(); out.size() < count && timer.elapsed() < 20'000;) {
            auto some = queue->take(count - out.size(), Wait);
            if (!some) {
                problem = some.error();
                continue;
            }
            out.insert(out.end(), some.value().begin(), some.value().end());
        }
        return out;
    }
    void keep(const std::vector<TakenEvent> &taken)
    {
        for (const TakenEvent &one : taken)
            places[one.place] = one.next;
    }

    std::unique_ptr<KafkaEventQueue> queue;
    std::map<std::string, std::uint64_t> places;
    std::optional<Error> problem;

private:
    KafkaEventQueue::Options m_options;
};

std::vector<WaitingEvent> waiting(std::int64_t first, std::int64_t count, const char *group = "acme|shop")
{
    std::vector<WaitingEvent> out;
    for (std::int64_t id = first; id < first + count; ++id)
        out.push_back({id, group});
    return out;
}

} // namespace

class TestKafkaEventQueue : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// C15, X36: the message as Chronos has it; each source's events in order, on one partition.
    void idsGoThereAndBack()
    {
        MockCluster cluster;
        cluster.makeTopic(Topic, 3);
        Reading reading(cluster.brokers());
        QVERIFY(reading.queue->publish(waiting(1, 20, "acme|shop")));
        QVERIFY(reading.queue->publish(waiting(21, 20, "acme|till")));
        int filled = 0;
        for (int partition = 0; partition < 3; ++partition) {
            const auto messages = cluster.readAll(Topic, partition);
            filled += messages.empty() ? 0 : 1;
            if (!messages.empty())
                QVERIFY(messages.front().value == "{\"rawEventID\": 1}"
                        || messages.front().value == "{\"rawEventID\": 21}");
        }
        QVERIFY(filled >= 1 && filled <= 2);
        const auto taken = reading.take(40);
        QCOMPARE(taken.size(), std::size_t{40});
        std::map<bool, std::int64_t> last; // of shop, of till
        for (const TakenEvent &one : taken) {
            QVERIFY(one.id > last[one.id > 20]);
            last[one.id > 20] = one.id;
        }
        QVERIFY(reading.queue->take(10, Wait).value().empty());
    }

    /// What was not noted in the ledger comes again, what was does not.
    void readingGoesOnAtTheLedgersPlace()
    {
        MockCluster cluster;
        cluster.makeTopic(Topic, 1);
        Reading reading(cluster.brokers());
        QVERIFY(reading.queue->publish(waiting(1, 10)));
        reading.keep(reading.take(4));
        QCOMPARE(reading.places.size(), std::size_t{1});
        QVERIFY(reading.places.begin()->first.ends_with("/raw-events/0"));
        QCOMPARE(reading.take(6).size(), std::size_t{6}); // and dies
        reading.again();
        const auto rest = reading.take(6);
        QCOMPARE(rest.size(), std::size_t{6});
        QCOMPARE(rest.front().id, std::int64_t{5});
    }

    /// A place beyond what the broker has: the topic was made anew, and is read from its beginning.
    void aTopicMadeAnewIsReadFromItsBeginning()
    {
        MockCluster cluster;
        cluster.makeTopic(Topic, 1);
        Reading reading(cluster.brokers());
        QVERIFY(reading.queue->publish(waiting(1, 3)));
        reading.keep(reading.take(1));
        reading.places.begin()->second = 1'000;
        reading.again();
        QCOMPARE(reading.take(3).size(), std::size_t{3});
    }

    void whatNamesNoEventIsHandedOutAsItIs()
    {
        MockCluster cluster;
        cluster.makeTopic(Topic, 1);
        Reading reading(cluster.brokers());
        QVERIFY(cluster.produce(Topic, 0,
                                {{"\xff\xfe no JSON"},
                                 {"{\"rawEventID\":\"7\"}"},
                                 {"{\"rawEventID\":-1}"},
                                 {"{\"rawEventID\":1e3}"},
                                 {"{\"other\":1}"},
                                 {" {\"more\":[1], \"rawEventID\" : 12 } "}}));
        const auto taken = reading.take(6);
        QCOMPARE(taken.size(), std::size_t{6});
        for (int i = 0; i < 5; ++i)
            QCOMPARE(taken[static_cast<std::size_t>(i)].id, std::int64_t{0});
        QCOMPARE(taken[0].message, std::string("\xff\xfe no JSON"));
        QCOMPARE(taken[5].id, std::int64_t{12});
    }

    void whatFailedGoesToATopicOfItsOwn()
    {
        MockCluster cluster;
        cluster.makeTopic(Topic, 1);
        cluster.makeTopic(Letters, 1);
        Reading reading(cluster.brokers());
        QVERIFY(cluster.produce(Topic, 0, {{"{\"rawEventID\":5}"}, {"what"}}));
        const auto taken = reading.take(2);
        QVERIFY(reading.queue->deadLetter(
            std::vector<FailedEvent>{{taken[0], "rules: no type"}, {taken[1], "it names no raw event"}}));
        const auto letters = cluster.readAll(Letters, 0);
        QCOMPARE(letters.size(), std::size_t{2});
        QCOMPARE(letters[0].value,
                 std::optional<std::string>("{\"data\":{\"RawEventID\":5,\"Error\":\"rules: no type\"}}"));
        QCOMPARE(letters[0].key, std::optional<std::string>("5"));
        QCOMPARE(letters[1].value, std::optional<std::string>("what"));
        std::map<std::string, std::string> headers(letters[0].headers.begin(), letters[0].headers.end());
        QCOMPARE(headers["eventops-reason"], std::string("rules: no type"));
        QCOMPARE(headers["eventops-origin"], taken[0].place + "/0");
        Reading none(cluster.brokers(), "");
        QVERIFY(none.queue->deadLetter(std::vector<FailedEvent>{{taken[0], "nobody hears it"}}));
        QCOMPARE(cluster.readAll(Letters, 0).size(), std::size_t{2});
    }

    /// Errors are worth another try: the same queue goes on when what was wrong is mended.
    void whatIsAwayIsTriedAgain()
    {
        MockCluster cluster;
        Reading reading(cluster.brokers());
        const auto missing = reading.queue->take(1, Wait);
        QVERIFY(!missing);
        QCOMPARE(missing.error().code, Error::Code::NotFound);
        cluster.makeTopic(Topic, 1);
        cluster.failNext(MockCluster::ProduceApi, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
        const Status refused = reading.queue->publish(waiting(1, 1));
        QVERIFY(!refused);
        QCOMPARE(refused.error().code, Error::Code::Refused);
        QVERIFY(reading.queue->publish(waiting(1, 1)));
        QCOMPARE(reading.take(1).size(), std::size_t{1});
    }
};

EVENTOPS_TEST(TestKafkaEventQueue)
#include "tst_kafka_event_queue.moc"
