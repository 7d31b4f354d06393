// SPDX-License-Identifier: MIT
#include "tests/widgets/real_topics.h"

#include "core/kafka/topic_admin.h"
#include "tests/support/program.h"
#include "tests/support/real_kafka.h"

#include <QFile>

namespace eventops::test {
namespace {

/// The one Kafka, which ends with the process; and whether somebody may have published.
struct SharedKafka {
    RealKafka kafka;
    bool isEmpty = false;
};

SharedKafka &shared()
{
    static SharedKafka One;
    return One;
}

Ran runKafka(const QStringList &arguments)
{
    const Ran ran = run(QStringList{QStringLiteral("kafka")} + arguments);
    if (ran.exitCode != 0)
        qFatal("eventops kafka %s: %s", qPrintable(arguments.front()), ran.err.constData());
    return ran;
}

/// As somebody does it who wants consoles on topics alone.
void init(const QString &workspace)
{
    runKafka({QStringLiteral("init"), QStringLiteral("--brokers"), QString::fromStdString(shared().kafka.brokers()),
              QStringLiteral("--publish"), QStringLiteral("consoles"), QStringLiteral("--take-decisions"),
              QStringLiteral("--workspace"), workspace});
}

void removeTopics()
{
    KafkaPeer &peer = shared().kafka.peer();
    for (const ContractTopic &topic : contractTopics()) {
        const std::string name(topic.name);
        if (peer.partitions(name.c_str()) == 0)
            continue;
        const std::string wrong = peer.deleteTopic(name.c_str());
        if (!wrong.empty())
            qFatal("cannot empty %s: %s", name.c_str(), wrong.c_str());
    }
}

} // namespace

bool topicsCanBeHad()
{
    static const bool Can = !RealKafka::jars().isEmpty() && !RealKafka::java().isEmpty();
    return Can;
}

std::string emptyTopics()
{
    SharedKafka &one = shared();
    if (!std::exchange(one.isEmpty, true)) {
        removeTopics();
        const QTemporaryDir nobody;
        init(nobody.path());
    }
    return "kafka://" + one.kafka.brokers();
}

PublishedTopics topicsFor(const std::string &directory, const std::string &decider)
{
    PublishedTopics out{emptyTopics(), directory + "/decider"};
    shared().isEmpty = false;
    const QString workspace = QFile::decodeName(QByteArray::fromStdString(directory));
    init(workspace);
    const Ran line = runKafka(
        {QStringLiteral("decider"), QString::fromStdString(decider), QStringLiteral("--workspace"), workspace});
    QFile file(QFile::decodeName(QByteArray::fromStdString(out.tokenFile)));
    if (!file.open(QIODevice::WriteOnly) || !file.setPermissions(QFile::ReadOwner | QFile::WriteOwner)
        || file.write(line.out) != line.out.size())
        qFatal("no token");
    return out;
}

} // namespace eventops::test
