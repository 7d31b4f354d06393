// SPDX-License-Identifier: MIT
//
// A queue of SQS: by the documented protocol against a server of ours, and against moto, which is not.
#include "tests/support/test_main.h"

#include "core/queue/sqs_event_queue.h"
#include "tests/support/free_port.h"
#include "tests/unit/queue/fake_sqs.h"

#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>

#include <sys/prctl.h>

#include <csignal>
#include <set>

using namespace eventops;
using eventops::test::FakeSqs;

namespace {

constexpr std::chrono::milliseconds NoWait{0};

const char *environment(const char *name)
{
    const std::string_view text(name);
    return text == "AWS_ACCESS_KEY_ID" ? FakeSqs::KeyId : text == "AWS_SECRET_ACCESS_KEY" ? FakeSqs::Secret : nullptr;
}

Result<std::unique_ptr<SqsEventQueue>> openQueue(const std::string &url, const std::string &letters = {},
                                                 std::int64_t visibilitySeconds = 300)
{
    SqsSettings settings;
    settings.queueUrl = url;
    settings.deadLettersUrl = letters;
    settings.region = "eu-central-1";
    settings.visibilitySeconds = visibilitySeconds;
    return SqsEventQueue::open(settings, environment, [] { return false; });
}

std::vector<std::int64_t> idsOf(const std::vector<TakenEvent> &taken)
{
    std::vector<std::int64_t> out;
    for (const TakenEvent &one : taken)
        out.push_back(one.id);
    return out;
}

/// moto's server, a stand-in for AWS by other people.
class Moto
{
public:
    /// Empty: it is not on this machine.
    static QString program()
    {
        const QString given = qEnvironmentVariable("EVENTOPS_MOTO");
        const QString usual = QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation)
                              + QStringLiteral("/eventops/moto-5.1.4/bin/moto_server");
        return !given.isEmpty() ? given : QFile::exists(usual) ? usual : QString();
    }
    Moto() : m_port(test::freePort())
    {
        m_process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        m_process.setStandardErrorFile(QProcess::nullDevice());
        m_process.start(program(), {QStringLiteral("-H"), QStringLiteral("127.0.0.1"), QStringLiteral("-p"),
                                    QString::number(m_port)});
    }
    ~Moto()
    {
        m_process.kill();
        m_process.waitForFinished();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(m_port); }
    /// Makes a queue with libcurl's own signer, and waits for the server to be there. Its URL; empty: it is not.
    std::string make(const char *name) const
    {
        QElapsedTimer timer;
        for (timer.start(); timer.elapsed() < 60'000;) {
            QProcess curl;
            curl.start(QStringLiteral("curl"),
                       {QStringLiteral("-sS"), QStringLiteral("--aws-sigv4"),
                        QStringLiteral("aws:amz:eu-central-1:sqs"), QStringLiteral("-u"),
                        QStringLiteral("%1:%2").arg(QLatin1String(FakeSqs::KeyId), QLatin1String(FakeSqs::Secret)),
                        QStringLiteral("-H"), QStringLiteral("Content-Type: application/x-amz-json-1.0"),
                        QStringLiteral("-H"), QStringLiteral("X-Amz-Target: AmazonSQS.CreateQueue"),
                        QStringLiteral("-d"), QStringLiteral("{\"QueueName\":\"%1\"}").arg(QLatin1String(name)),
                        QString::fromStdString(url())});
            curl.waitForFinished(10'000);
            const QJsonObject made = QJsonDocument::fromJson(curl.readAllStandardOutput()).object();
            if (made.contains(QLatin1String("QueueUrl")))
                return made[QLatin1String("QueueUrl")].toString().toStdString();
            QTest::qWait(100);
        }
        return {};
    }

private:
    const unsigned m_port;
    QProcess m_process;
};

} // namespace

class TestSqsQueue : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// What is sent is what Chronos sends; what is taken stays hidden, and is gone when it is acknowledged.
    void idsGoThereAndBack()
    {
        FakeSqs sqs;
        auto queue = openQueue(sqs.url());
        QVERIFY2(queue, queue ? "" : queue.error().text().c_str());
        const std::vector<WaitingEvent> events{{7, "a"}, {9'007'199'254'740'993, "b"}, {9, "a"}};
        QVERIFY(queue.value()->publish(events));
        QCOMPARE(sqs.complaint(), QByteArray());
        QCOMPARE(sqs.messages().front().body, QStringLiteral("{\"rawEventID\": 7}"));
        const auto taken = queue.value()->take(2, std::chrono::seconds(1));
        QVERIFY2(taken, taken ? "" : taken.error().text().c_str());
        QCOMPARE(idsOf(taken.value()), (std::vector<std::int64_t>{7, 9'007'199'254'740'993}));
        QCOMPARE(idsOf(queue.value()->take(10, NoWait).value()), std::vector<std::int64_t>{9});
        QVERIFY(queue.value()->take(10, NoWait).value().empty());
        QVERIFY(queue.value()->acknowledge(taken.value()));
        QCOMPARE(sqs.messages().size(), std::size_t{1});
        QVERIFY(queue.value()->acknowledge(taken.value())); // twice is once
        QCOMPARE(sqs.asked("DeleteMessage"), 4);
    }

    /// Whoever dies lets the others wait for the end of the message's time; whoever ends gives it back at once.
    void whatWasTakenComesAgain()
    {
        FakeSqs sqs;
        const auto first = openQueue(sqs.url(), {}, 1);
        const std::vector<WaitingEvent> events{{1, "a"}, {2, "a"}};
        QVERIFY(first.value()->publish(events));
        QCOMPARE(first.value()->take(1, NoWait).value().size(), std::size_t{1}); // and dies
        const auto second = openQueue(sqs.url(), {}, 300);
        const auto others = second.value()->take(10, NoWait).value();
        QCOMPARE(idsOf(others), std::vector<std::int64_t>{2});
        std::vector<std::int64_t> late;
        QElapsedTimer timer;
        for (timer.start(); late.empty() && timer.elapsed() < 10'000; QTest::qWait(50))
            late = idsOf(second.value()->take(10, NoWait).value());
        QCOMPARE(late, std::vector<std::int64_t>{1});
        second.value()->release(others);
        QCOMPARE(idsOf(second.value()->take(10, NoWait).value()), std::vector<std::int64_t>{2});
        QCOMPARE(sqs.asked("ChangeMessageVisibility"), 1);
    }

    void whatFailedGoesToAQueueOfItsOwn()
    {
        FakeSqs sqs;
        const auto queue = openQueue(sqs.url(), sqs.url("dlq-events"));
        sqs.put("no JSON");
        sqs.put("{\"rawEventID\": 4}");
        const auto taken = queue.value()->take(10, NoWait).value();
        QCOMPARE(idsOf(taken), (std::vector<std::int64_t>{0, 4}));
        const std::vector<FailedEvent> failed{{taken[0], "it names no raw event"}, {taken[1], "rules: no type\n"}};
        QVERIFY(queue.value()->deadLetter(failed));
        const auto letters = sqs.messages("dlq-events");
        QCOMPARE(letters.size(), std::size_t{2});
        QCOMPARE(letters[0].body, QStringLiteral("no JSON"));
        QCOMPARE(letters[0].reason, QStringLiteral("it names no raw event"));
        QCOMPARE(letters[1].body, QStringLiteral("{\"data\":{\"RawEventID\":4,\"Error\":\"rules: no type\\n\"}}"));
        QVERIFY(openQueue(sqs.url()).value()->deadLetter(failed)); // none is set: nothing happens
        QCOMPARE(sqs.messages("dlq-events").size(), std::size_t{2});
    }

    /// A FIFO queue keeps a source's order, and what is announced again is no duplicate to it.
    void aFifoQueueHasGroups()
    {
        FakeSqs sqs;
        const auto queue = openQueue(sqs.url("raw-events.fifo"));
        const std::vector<WaitingEvent> events{{1, "acme|shop"}};
        QVERIFY(queue.value()->publish(events));
        QVERIFY(queue.value()->publish(events));
        const auto messages = sqs.messages("raw-events.fifo");
        QCOMPARE(messages.size(), std::size_t{2});
        QCOMPARE(messages[0].group, QStringLiteral("acme|shop"));
        QVERIFY(!messages[0].deduplication.isEmpty() && messages[0].deduplication != messages[1].deduplication);
    }

    /// SQS takes ASCII alone for a group, and refuses a message for a control character.
    void whatSqsWouldRefuseIsWrittenOtherwise()
    {
        FakeSqs sqs;
        const auto queue = openQueue(sqs.url("raw-events.fifo"), sqs.url("dead.fifo"));
        QVERIFY(queue);
        const std::vector<WaitingEvent> events{{1, "acme|Z\xC3\xBCrich"}, {2, "acme|Argo Workflows"}};
        QVERIFY(queue.value()->publish(events));
        const auto messages = sqs.messages("raw-events.fifo");
        QCOMPARE(messages.size(), std::size_t{2});
        for (const FakeSqs::Message &message : messages)
            QVERIFY(QRegularExpression(QStringLiteral("^[0-9a-f]{16}$")).match(message.group).hasMatch());
        QVERIFY(messages[0].group != messages[1].group);
        TakenEvent taken;
        taken.id = 7;
        const std::vector<FailedEvent> failed{{taken, "the type \"a\x01\xEF\xBF\xBF\" is not known\n"}};
        QVERIFY(queue.value()->deadLetter(failed));
        const auto letters = sqs.messages("dead.fifo");
        QCOMPARE(letters.size(), std::size_t{1});
        QCOMPARE(letters[0].reason, QStringLiteral("the type \"a  \" is not known\n"));
    }

    void refusalsSayWhatToDo_data()
    {
        QTest::addColumn<int>("status");
        QTest::addColumn<QByteArray>("document");
        QTest::addColumn<int>("code");
        const auto row = [](const char *name, int status, const char *type, Error::Code code) {
            QTest::newRow(name) << status << QByteArray("{\"__type\":\"") + type + "\",\"message\":\"m\"}"
                                << static_cast<int>(code);
        };
        row("queue", 400, "com.amazonaws.sqs#QueueDoesNotExist", Error::Code::NotFound);
        row("rights", 400, "com.amazon.coral.service#AccessDeniedException", Error::Code::Refused);
        row("key", 403, "com.amazon.coral.service#InvalidClientTokenId", Error::Code::Refused);
        row("too often", 400, "com.amazonaws.sqs#RequestThrottled", Error::Code::Unavailable);
        row("away", 503, "com.amazon.coral.service#ServiceUnavailable", Error::Code::Unavailable);
    }
    void refusalsSayWhatToDo()
    {
        QFETCH(int, status);
        QFETCH(QByteArray, document);
        QFETCH(int, code);
        FakeSqs sqs;
        const auto queue = openQueue(sqs.url());
        sqs.refuseNext(1, status, document);
        const auto taken = queue.value()->take(1, NoWait);
        QVERIFY(!taken);
        QCOMPARE(static_cast<int>(taken.error().code), code);
        QVERIFY(queue.value()->take(1, NoWait)); // and the next request is one of its own
    }

    void settingsAreChecked()
    {
        const auto wrong = [](const char *url, const char *letters, const char *region) {
            SqsSettings settings;
            settings.queueUrl = url;
            settings.deadLettersUrl = letters;
            settings.region = region;
            const auto queue = SqsEventQueue::open(settings, environment, [] { return false; });
            return queue ? std::string() : queue.error().message;
        };
        QCOMPARE(wrong("", "", "r"), std::string("queue_url is missing"));
        QCOMPARE(wrong("https://q/1/a", "https://q/1/a", "r"), std::string("dead_letter_url is the queue itself"));
        QVERIFY(wrong("http://example.org/1/a", "", "r").find("plain http") != std::string::npos);
        QCOMPARE(wrong("https://example.org/1/a", "", ""), std::string("the queue's region is not known"));
        QCOMPARE(wrong("https://sqs.eu-central-1.amazonaws.com/1/a", "", ""), std::string());
        SqsSettings settings;
        settings.queueUrl = "https://sqs.eu-central-1.amazonaws.com/1/a";
        const auto nobody = [](const char *) -> const char * {
            return nullptr;
        };
        QCOMPARE(SqsEventQueue::open(settings, nobody, [] { return false; }).error().message,
                 std::string("AWS_ACCESS_KEY_ID is not set"));
    }
};

EVENTOPS_TEST(TestSqsQueue)

class TestMoto : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void anotherServersQueueWorksAsOurs()
    {
        if (Moto::program().isEmpty())
            QSKIP("there is no moto; fetch it with: installer/moto");
        const Moto moto;
        const std::string url = moto.make("raw-events"), letters = moto.make("dlq-events");
        QVERIFY2(!url.empty() && !letters.empty(), "moto does not answer");
        const auto queue = openQueue(url, letters, 2);
        QVERIFY2(queue, queue ? "" : queue.error().text().c_str());
        std::vector<WaitingEvent> events;
        for (std::int64_t id = 1; id <= 25; ++id)
            events.push_back({id, "a"});
        const Status published = queue.value()->publish(events);
        QVERIFY2(published, published ? "" : published.error().text().c_str());
        std::set<std::int64_t> seen;
        int taken = 0;
        for (QElapsedTimer timer = started(); seen.size() < 25 && timer.elapsed() < 60'000;) {
            const auto some = queue.value()->take(10, std::chrono::seconds(1));
            QVERIFY2(some, some ? "" : some.error().text().c_str());
            QVERIFY(some.value().size() <= 10);
            taken += static_cast<int>(some.value().size());
            if (taken % 3 == 0) // nobody says that these are done: they come again
                continue;
            for (const TakenEvent &one : some.value())
                seen.insert(one.id);
            QVERIFY(queue.value()->acknowledge(some.value()));
        }
        QCOMPARE(seen.size(), std::size_t{25});
        QVERIFY(queue.value()->publish(std::span(events).first(1)));
        const auto one = queue.value()->take(10, std::chrono::seconds(1)).value();
        QCOMPARE(one.size(), std::size_t{1});
        queue.value()->release(one);
        QCOMPARE(idsOf(queue.value()->take(10, std::chrono::seconds(1)).value()), std::vector<std::int64_t>{1});
        const std::vector<FailedEvent> failed{{one.front(), "it fails"}};
        QVERIFY(queue.value()->deadLetter(failed));
        const auto read = openQueue(letters).value()->take(10, std::chrono::seconds(1)).value();
        QCOMPARE(read.front().message, std::string("{\"data\":{\"RawEventID\":1,\"Error\":\"it fails\"}}"));
        const auto none = openQueue(moto.url() + "/123456789012/none");
        QCOMPARE(none.value()->take(1, NoWait).error().code, Error::Code::NotFound);
    }

private:
    static QElapsedTimer started()
    {
        QElapsedTimer timer;
        timer.start();
        return timer;
    }
};

EVENTOPS_TEST(TestMoto)
#include "tst_sqs_queue.moc"
