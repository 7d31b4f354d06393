// SPDX-License-Identifier: MIT
//
// JSONTransformer in both formats of its rules, and the shipped transformers (contracts C8, C10, C26, X30,
// section 3.4).
#include "tests/support/test_main.h"

#include "core/codec/json_reader.h"
#include "core/codec/transform_mapping.h"

#include <algorithm>
#include <random>

using namespace eventops;

namespace {

constexpr const char *LongRules =
    "{\"MatchingEntity\":\"value\",\"MatchingPath\":\"kind\",\"MatchingValue\":\"deploy\","
    R"("EventMappings":[{"from":"app.name","to":"name"},{"from":"not.there","to":"gone"},{"from":"n","to":"n"}],)"
    R"("EntityPath":"app.id","EntityType":"Service","EventType":"{kind}_{state}","Severity":"{level}",)"
    R"("Message":"{$EventType} of {$EntityType} {$EntityID}: {text}",)"
    "\"Relations\":[{\"from\":\"app.id\",\"to\":\"owner.team\",\"fromType\":\"Service\",\"toType\":\"Team\"},"
    "{\"from\":\"app.id\",\"to\":\"owner.nobody\",\"fromType\":\"Service\",\"toType\":\"Person\"}]}";

/// Empty: it compiles.
std::string whyNot(std::string_view rules)
{
    const auto mapping = TransformMapping::fromRules(rules);
    return mapping ? std::string() : mapping.error().text();
}

Result<TransformerOutput> applied(std::string_view rules, std::string_view body)
{
    const auto mapping = TransformMapping::fromRules(rules);
    return mapping ? mapping.value().apply(body) : Result<TransformerOutput>(mapping.error());
}

std::vector<std::shared_ptr<const TransformMapping>> shipped()
{
    auto all = loadTransformMappings(EVENTOPS_SOURCE_DIR "/pipelines/transformers");
    return all ? std::move(all).value() : std::vector<std::shared_ptr<const TransformMapping>>();
}

std::shared_ptr<const TransformMapping> shippedOne(const std::string &name)
{
    for (const auto &one : shipped()) {
        if (one->name() == name)
            return one;
    }
    return nullptr;
}

std::string textOf(const TransformerOutput &output)
{
    std::string out;
    for (const auto &event : output.events)
        out += "event " + event.type + '|' + event.entity.value_or("-") + '|' + event.severity.value_or("-") + '|'
               + event.message.value_or("-") + '|' + event.data + '\n';
    for (const auto &entity : output.entities)
        out += "entity " + entity.id + '|' + entity.type + '\n';
    for (const auto &link : output.links)
        out += "link " + link.source + '|' + link.target + '\n';
    return out;
}

} // namespace

class TestTransformers : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void theLongFormatOfRules()
    {
        const auto output =
            applied(LongRules, "{\"kind\":\"deploy\",\"state\":\"done\",\"level\":\"WARN\",\"text\":\"ok\",\"n\":5,"
                               "\"app\":{\"id\":\"svc-1\",\"name\":\"shop\"},\"owner\":{\"team\":\"blue\"}}");
        QVERIFY2(bool(output), output ? "" : output.error().text().c_str());
        QCOMPARE(textOf(output.value()),
                 std::string("event deploy_done|svc-1|WARN|deploy_done of Service svc-1: ok|"
                             "{\"name\":\"shop\",\"gone\":null,\"n\":5}\n"
                             "entity svc-1|Service\nentity svc-1|Service\nentity blue|Team\nlink svc-1|blue\n"));
        // What does not match is left alone; a matching one without its entity is wrong.
        QVERIFY(applied(LongRules, "{\"kind\":\"other\"}").value().empty());
        QVERIFY(applied(LongRules, "{\"kind\":5}").value().empty());
        const auto wrong = applied(LongRules, "{\"kind\":\"deploy\"}");
        QVERIFY(!wrong);
        QCOMPARE(wrong.error().code, Error::Code::InvalidInput);
    }

    void aKeyMatchesWhateverStandsThere()
    {
        const char *rules =
            "{\"MatchingEntity\":\"key\",\"MatchingPath\":\"a.b\",\"EntityPath\":\"id\",\"EntityType\":\"T\","
            "\"EventType\":\"E\",\"EventMappings\":[],\"Relations\":[]}";
        QCOMPARE(textOf(applied(rules, "{\"id\":\"x\",\"a\":{\"b\":null}}").value()),
                 std::string("event E|x|-|The event with event type E happened for entity x|{}\nentity x|T\n"));
        QVERIFY(applied(rules, "{\"id\":\"x\",\"a\":{}}").value().empty());
        QVERIFY(applied(rules, "{\"id\":\"x\",\"a\":[{\"b\":1}]}").value().empty()); // members of objects alone
    }

    void theShortFormatOfRules()
    {
        const char *rules = "{\"TransformerScript\":{\"eventType\":\"$.event_type\",\"entityId\":\"$['the id'][0].v\","
                            "\"severity\":\"INFO\",\"message\":\"$.text\"}}";
        const auto output =
            applied(rules, "{\"event_type\":\"DISK_FULL\",\"the id\":[{\"v\":\"disk-1\"}],\"text\":\"87 % {text}\"}");
        QVERIFY2(bool(output), output ? "" : output.error().text().c_str());
        QCOMPARE(textOf(output.value()),
                 std::string("event DISK_FULL|disk-1|INFO|87 % {text}|{\"event_type\":\"DISK_FULL\","
                             "\"the id\":[{\"v\":\"disk-1\"}],\"text\":\"87 % {text}\"}\nentity disk-1|Entity\n"));
        // As forms send it: a document in a text.
        const auto same =
            applied("{\"TransformerScript\":\"{\\\"eventType\\\":\\\"$.t\\\",\\\"entityId\\\":\\\"fixed\\\"}\"}",
                    "{\"t\":\"X\"}");
        QCOMPARE(same.value().events.front().entity.value_or(""), std::string("fixed"));
    }

    /// Section 3.4: data that looks like a template is data.
    void whatIsPutInIsNeverLookedAtAgain()
    {
        const char *rules =
            "{\"MatchingEntity\":\"key\",\"MatchingPath\":\"id\",\"EntityPath\":\"id\",\"EntityType\":\"T\","
            "\"EventType\":\"{type}\",\"Message\":\"{a} {$EntityID} {b}\",\"EventMappings\":[],\"Relations\":[]}";
        const auto output =
            applied(rules, "{\"id\":\"{a}\",\"type\":\"{$EntityID}\",\"a\":\"{b}{a}\",\"b\":\"{$EventType}\"}");
        QCOMPARE(textOf(output.value()), std::string("event {$EntityID}|{a}|-|{b}{a} {a} {$EventType}|{}\n"
                                                     "entity {a}|T\n"));
    }

    void templates_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("filled");
        QTest::newRow("a path") << QByteArray("<{a.b}>") << QByteArray("<1>");
        QTest::newRow("missing") << QByteArray("<{a.c}{x}>") << QByteArray("<>");
        QTest::newRow("null") << QByteArray("<{z}>") << QByteArray("<>");
        QTest::newRow("variables") << QByteArray("{$EntityID}/{$EntityType}/{$EventType}/{$Other}")
                                   << QByteArray("e/t/v/");
        QTest::newRow("open for ever") << QByteArray("a{b") << QByteArray("a{b");
        QTest::newRow("closed without") << QByteArray("a}b") << QByteArray("a}b");
        QTest::newRow("braces in braces") << QByteArray("<{a{b}}>") << QByteArray("<>");
        QTest::newRow("a document") << QByteArray("{a}") << QByteArray("{\"b\":1}");
        QTest::newRow("nothing") << QByteArray() << QByteArray();
        QTest::newRow("empty path") << QByteArray("<{}>") << QByteArray("<>");
    }
    void templates()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, filled);
        const PathTemplate made(text.toStdString());
        QCOMPARE(made.fill("{\"a\":{\"b\":1},\"z\":null}", {"e", "t", "v"}), filled.toStdString());
    }

    void wrongRulesAreNamed_data()
    {
        QTest::addColumn<QByteArray>("rules");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("nothing") << QByteArray("{}") << QByteArray("MatchingEntity: is missing");
        QTest::newRow("no object") << QByteArray("[1]") << QByteArray("no JSON object");
        QTest::newRow("neither key nor value")
            << QByteArray("{\"MatchingEntity\":\"x\",\"MatchingPath\":\"a\"}") << QByteArray("neither key nor value");
        QTest::newRow("no list") << QByteArray(
            "{\"MatchingEntity\":\"key\",\"MatchingPath\":\"a\",\"EntityPath\":\"a\","
            "\"EntityType\":\"T\",\"EventType\":\"E\",\"EventMappings\":{}}")
                                 << QByteArray("EventMappings: is no list");
        QTest::newRow("a mapping without from") << QByteArray(
            "{\"MatchingEntity\":\"key\",\"MatchingPath\":\"a\",\"EntityPath\":\"a\",\"EntityType\":\"T\","
            "\"EventType\":\"E\",\"EventMappings\":[{\"to\":\"x\"}]}")
                                                << QByteArray("from: is missing");
        QTest::newRow("script without type")
            << QByteArray("{\"TransformerScript\":{\"entityId\":\"$.a\"}}") << QByteArray("eventType: is missing");
        QTest::newRow("script with more")
            << QByteArray("{\"TransformerScript\":{\"eventType\":\"a\",\"entityId\":\"b\",\"evil\":\"c\"}}")
            << QByteArray("has no \"evil\"");
        QTest::newRow("a path that is none")
            << QByteArray("{\"TransformerScript\":{\"eventType\":\"$.a[\",\"entityId\":\"b\"}}")
            << QByteArray("eventType");
        QTest::newRow("script is a number") << QByteArray("{\"TransformerScript\":5}") << QByteArray("no JSON object");
    }
    void wrongRulesAreNamed()
    {
        QFETCH(QByteArray, rules);
        QFETCH(QByteArray, says);
        const std::string why = whyNot(rules.toStdString());
        QVERIFY2(why.find(says.toStdString()) != std::string::npos, why.c_str());
    }

    /// Damaged rules and damaged documents give an error or an output, and an output is JSON.
    void hostileInput()
    {
        const int rounds = qEnvironmentVariableIntValue("EVENTOPS_FUZZ_ROUNDS") + 2'000;
        std::mt19937 random(7);
        const std::string document =
            "{\"kind\":\"deploy\",\"state\":\"done\",\"level\":\"WARN\",\"text\":\"{ok}\",\"n\":5e400,"
            "\"app\":{\"id\":\"svc-1\",\"name\":\"sh\\u0000op\"},\"owner\":{\"team\":\"\\ud800\"}}";
        const std::string script = "{\"TransformerScript\":{\"eventType\":\"$.kind\",\"entityId\":\"$['app'].id\"}}";
        int good = 0;
        for (int i = 0; i < rounds; ++i) {
            std::string rules = i % 2 == 0 ? LongRules : script;
            std::string body = document;
            for (std::string *text : {&rules, &body}) {
                for (auto n = random() % 3; n > 0; --n) {
                    const std::size_t at = random() % text->size();
                    if (random() % 4 == 0)
                        text->erase(at, random() % 9);
                    else
                        (*text)[at] = "{}[]\":,$.'\\0\xff"[random() % 13];
                }
            }
            const auto output = applied(rules, body);
            if (!output)
                continue;
            ++good;
            for (const auto &event : output.value().events) {
                JsonReader json;
                QVERIFY(!json.read(event.data));
                QVERIFY(json.kind() == JsonKind::Object);
                QVERIFY(!event.type.empty() && event.entity);
            }
        }
        QVERIFY(good > rounds / 20);
    }

    void everyShippedOneIsSound()
    {
        const auto all = loadTransformMappings(EVENTOPS_SOURCE_DIR "/pipelines/transformers");
        QVERIFY2(bool(all), all ? "" : all.error().text().c_str());
        std::vector<std::string> names;
        for (const auto &one : all.value()) {
            names.push_back(one->name());
            QVERIFY(!one->summary().empty() && !one->script().empty() && !one->className().empty());
            for (const auto &[given, row] : one->types())
                QVERIFY2(row.severity == "INFO" || row.severity == "WARN" || row.severity == "ERROR", given.c_str());
        }
        QCOMPARE(names,
                 (std::vector<std::string>{"aws_ec2_instances_change", "aws_ec2_run_instances", "aws_spot_interruption",
                                           "compute", "kubernetes_pods", "sample", "workflow", "workspace"}));
    }

    void shippedTransformers_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("made"); // but for the data
        QTest::newRow("compute")
            << QByteArray("compute")
            << QByteArray(
                   "{\"cluster_id\":\"c-1\",\"cluster_name\":\"prod\",\"event_type\":\"CLUSTER_CREATION_FAILED\","
                   "\"message\":\"no quota\"}")
            << QByteArray("event CLUSTER_CREATION_FAILED|c-1|ERROR|no quota\nentity c-1|Cluster\nlink c-1|prod\n");
        QTest::newRow("compute, without a name")
            << QByteArray("compute") << QByteArray("{\"cluster_id\":\"c-1\",\"event_type\":\"CLUSTER_TERMINATED\"}")
            << QByteArray("event CLUSTER_TERMINATED|c-1|-|-\nentity c-1|Cluster\n");
        QTest::newRow("state change")
            << QByteArray("aws_ec2_instances_change")
            << QByteArray("{\"id\":\"e\",\"detail-type\":\"EC2 Instance State-change Notification\","
                          "\"detail\":{\"instance-id\":\"i-1\",\"state\":\"terminated\"}}")
            << QByteArray("event INSTANCE_TERMINATED|i-1|ERROR|Instance with i-1 state changed to terminated\n");
        QTest::newRow("another detail") << QByteArray("aws_ec2_instances_change")
                                        << QByteArray("{\"detail-type\":\"x\",\"detail\":{}}") << QByteArray();
        QTest::newRow("run")
            << QByteArray("aws_ec2_run_instances")
            << QByteArray(
                   "{\"eventName\":\"RunInstances\",\"instanceId\":\"i-1\",\"privateDnsName\":\"ip-10-0-0-1.ec2\","
                   "\"instanceType\":\"m5\",\"instanceLifecycle\":\"spot\",\"eventID\":\"e\"}")
            << QByteArray("event INSTANCE_LAUNCHED|i-1|INFO|Instance i-1 launched of m5 instance type and capacity "
                          "type spot\nentity i-1|Host\nentity ip-10-0-0-1.ec2|HostIP\nlink i-1|ip-10-0-0-1.ec2\n");
        QTest::newRow("spot") << QByteArray("aws_spot_interruption")
                              << QByteArray("{\"id\":\"e\",\"detail-type\":\"EC2 Spot Instance Interruption Warning\","
                                            "\"detail\":{\"instance-id\":\"i-1\",\"instance-action\":\"terminate\"}}")
                              << QByteArray("event SPOT_INTERRUPTION|i-1|WARN|Spot instance with i-1 is going to be "
                                            "interrupted\n");
        QTest::newRow("pod") << QByteArray("kubernetes_pods")
                             << QByteArray("{\"involvedObject\":{\"kind\":\"Pod\",\"name\":\"p\",\"namespace\":\"n\"},"
                                           "\"reason\":\"FailedScheduling\",\"message\":\"0/3 nodes\","
                                           "\"metadata\":{\"uid\":\"u\"}}")
                             << QByteArray("event POD_FAILED_SCHEDULING|p|ERROR|0/3 nodes\nentity p|POD\n"
                                           "entity n|NAMESPACE\nlink p|n\n");
        QTest::newRow("a node") << QByteArray(
            "kubernetes_pods") << QByteArray("{\"involvedObject\":{\"kind\":\"Node\",\"name\":\"p\"},\"reason\":\"x\"}")
                                << QByteArray();
        QTest::newRow("workflow")
            << QByteArray("workflow")
            << QByteArray("{\"entity_id\":\"w\",\"state\":\"FAILED\",\"severity\":\"ERROR\",\"message\":\"step 2\"}")
            << QByteArray("event FAILED|w|ERROR|step 2\nentity w|Workflow\n");
        QTest::newRow("workspace")
            << QByteArray("workspace")
            << QByteArray("{\"state\":\"LAUNCHED\",\"severity\":\"INFO\",\"project\":{\"id\":\"p\"},\"codespace\":{"
                          "\"id\":\"c\"},"
                          "\"cluster\":{\"cluster_id\":\"k\"}}")
            << QByteArray("event LAUNCHED|p|INFO|-\nentity p|Project\nentity c|Codespace\nentity k|Cluster\n"
                          "link c|p\nlink c|k\nlink k|p\n");
        QTest::newRow("sample") << QByteArray("sample") << QByteArray("{\"entity_id\":\"x\",\"event_type\":\"HELLO\"}")
                                << QByteArray("event HELLO|x|INFO|-\nentity x|Pod\n");
    }
    void shippedTransformers()
    {
        QFETCH(QByteArray, name);
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, made);
        const auto mapping = shippedOne(name.toStdString());
        QVERIFY(mapping != nullptr);
        auto output = mapping->apply(body.toStdString());
        QVERIFY2(bool(output), output ? "" : output.error().text().c_str());
        std::string text = textOf(output.value());
        for (const auto &event : output.value().events) // without its data
            text.erase(text.find('|' + event.data), event.data.size() + 1);
        QCOMPARE(text, made.toStdString());
    }

    void scriptsStandForShippedOnes()
    {
        TransformerRegistry registry;
        addJsonTransformer(registry);
        addShippedTransformers(registry, shipped());
        const auto type = [&](const char *settings) {
            return registry.make({"PythonTransformer", settings});
        };
        QVERIFY(bool(type("{\"ScriptPath\":\"src.transformers.python_transformers.compute_app_layer_transformer\"}")));
        QVERIFY(bool(type("{\"ScriptPath\":\"/srv/chronos/compute_app_layer_transformer.py\"}")));
        const auto unknown = type("{\"ScriptPath\":\"mine\"}");
        QVERIFY(!unknown);
        QCOMPARE(unknown.error().code, Error::Code::Unavailable);
        QCOMPARE(registry.make({"Nobody", "{}"}).error().code, Error::Code::NotFound);
        // What others offer is asked for everything else.
        addShippedTransformers(registry, shipped(),
                               [](const TransformerSetup &setup) -> Result<std::shared_ptr<Transformer>> {
                                   return Error{Error::Code::Refused, "asked for " + setup.settings};
                               });
        QCOMPARE(type("{\"ScriptPath\":\"mine\"}").error().message, std::string("asked for {\"ScriptPath\":\"mine\"}"));
    }
};

EVENTOPS_TEST(TestTransformers)
#include "tst_transformers.moc"
