// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/pipeline/stage_engine.h"
#include "pipelines/components.h"
#include "tests/unit/pipeline/hand_batch.h"

#include <algorithm>
#include <map>
#include <set>

using namespace eventops;
using eventops::test::HandBatch;
using eventops::test::stageSettings;

namespace {

const StageSpec &entitiesSpec()
{
    const Registry registry{builtinStages(), {}};
    return *registry.stage("entities");
}

std::unique_ptr<GlobalStage> makeStage(std::initializer_list<std::pair<std::string_view, Value>> given = {})
{
    auto made = entitiesSpec().makeGlobal(stageSettings(entitiesSpec(), given));
    return std::move(made).value();
}

std::string text(const Link &link)
{
    return link.sourceType + '/' + link.sourceId + ' ' + link.type + ' ' + link.targetType + '/' + link.targetId;
}

/// Every link of the batch as text, in order.
std::vector<std::string> linksOf(GlobalStage &stage, const HandBatch &hand)
{
    GlobalOutput out;
    stage.process(hand.batch, 0, hand.batch.events.size(), {}, out);
    std::vector<std::string> all;
    for (const Link &link : out.links)
        all.push_back(text(link));
    return all;
}

using Texts = std::vector<std::string>;

/// What a ledger makes of changes, however they were cut: entity → count, last step, span.
std::map<std::string, std::string> merged(const std::vector<GlobalOutput> &outputs)
{
    std::map<std::string, Entity> all;
    for (const GlobalOutput &out : outputs) {
        for (const Entity &change : out.entities) {
            Entity &entity = all.try_emplace(change.type + '/' + change.id, Entity{}).first->second;
            entity.events += change.events;
            if (!change.lastStep.empty())
                entity.lastStep = change.lastStep;
            if (entity.firstSeq == 0)
                entity.firstSeq = change.firstSeq;
            entity.lastSeen = std::max(entity.lastSeen, change.lastSeen);
        }
    }
    std::map<std::string, std::string> texts;
    for (const auto &[name, entity] : all)
        texts[name] = std::to_string(entity.events) + ' ' + entity.lastStep + ' ' + std::to_string(entity.firstSeq)
            + ' '
                    + std::to_string(raw(entity.lastSeen));
    return texts;
}

} // namespace

class TestEntitiesStage : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void oneChangeAnEntityAndCall()
    {
        HandBatch hand;
        for (int i = 0; i < 60; ++i)
            hand.addMetric(i % 20 < 10 ? "a" : "b", "cpu_load", 1.0, 100 - i);
        hand.addStep("Host", "a", "rebooted", 500);
        hand.add("Host", "", 0); // about nothing
        GlobalOutput out;
        makeStage()->process(hand.batch, 0, hand.batch.events.size(), {}, out);
        QCOMPARE(out.entities.size(), std::size_t{2});
        const Entity &a = out.entities.front();
        QCOMPARE(a.tenant, std::string("acme"));
        QCOMPARE(a.type, std::string("Host"));
        QCOMPARE(a.id, std::string("a"));
        QCOMPARE(a.events, std::uint64_t{31});
        QCOMPARE(a.lastStep, std::string("rebooted"));
        QCOMPARE(raw(a.firstSeen), std::int64_t{51} * NsPerSecond);
        QCOMPARE(raw(a.lastSeen), std::int64_t{500} * NsPerSecond);
        QCOMPARE(a.firstSeq, Seq{1});
        QVERIFY(out.links.empty());
    }

    void causesByIdKeyAndCorrelation()
    {
        HandBatch hand;
        hand.add("service", "one", 0, {{Field::EventId, "e-1"}});
        hand.add("service", "two", 1, {{Field::IdempotencyKey, "k-2"}, {Field::CorrelationId, "c-2"}});
        hand.add("service", "three", 2, {{Field::CorrelationId, "c-2"}});
        hand.add("service", "x", 3, {{Field::CausationId, "e-1"}});
        hand.add("service", "x", 4, {{Field::CausationId, "k-2"}});
        hand.add("service", "y", 5, {{Field::CausationId, "c-2"}}); // the first with that correlation
        hand.add("service", "two", 6, {{Field::CausationId, "k-2"}}); // itself
        hand.add("service", "z", 7, {{Field::CausationId, "unknown"}});
        const auto stage = makeStage();
        QCOMPARE(linksOf(*stage, hand), (Texts{"service/one causes service/x", "service/two causes service/x",
                                               "service/two causes service/y"}));
    }

    void partOfByLevelsAndParent()
    {
        HandBatch hand;
        hand.add("substep", "ss", 0, {{Field::Attrs, R"({"step_id":"s","job_id":"j"})"}});
        hand.add("", "job:7:task", 1, {{Field::Attrs, R"({"job_id":7})"}});
        hand.add("Host", "h", 2, {{Field::Attrs, R"({"job_id":"j"})"}}); // a host runs a job, it is no part of it
        hand.add("Host", "h", 3, {{Field::Tags, R"({"parent":{"type":"rack","id":"r1"}})"}});
        const auto stage = makeStage();
        QCOMPARE(linksOf(*stage, hand), (Texts{"substep/ss part_of step/s", "step/s part_of job/j",
                                               "/job:7:task part_of job/7", "Host/h part_of rack/r1"}));
    }

    void lineageAndDependencies()
    {
        HandBatch hand;
        hand.add("dataset", "daily", 0, {{Field::Attrs,
            R"({"n":1,"derived_from":["raw","dataset:x",{"id":"f","type":"file"}]})"}});
        hand.add("service", "web", 1, {{Field::Tags, R"({"depends_on":"api"})"}});
        hand.add("service", "web", 2, {{Field::Tags, R"({"depends_on":"web"})"}}); // itself
        const auto stage = makeStage();
        QCOMPARE(linksOf(*stage, hand),
                 (Texts{"dataset/daily derived_from dataset/raw", "dataset/daily derived_from dataset/dataset:x",
                        "dataset/daily derived_from file/f", "service/web depends_on service/api"}));
    }

    void statedLinksAndEntities()
    {
        HandBatch hand;
        hand.add("vm", "v1", 0, {{Field::Entities, R"([{"type":"disk","id":"d1"},{"type":"vm","id":"v1"}])"},
                                 {Field::Links, R"([{"source":"v1","target":"d1","type":"uses"},
                                     {"source":{"type":"vm","id":"v1"},"target":{"type":"vm","id":"v1"},"type":"uses"},
                                     {"source":{"type":"a","id":"1"},"target":{"type":"b","id":"2"}}, 5,
                                         {"source":"v1"}])"}});
        GlobalOutput out;
        makeStage()->process(hand.batch, 0, 1, {}, out);
        QCOMPARE(out.links.size(), std::size_t{2});
        QCOMPARE(text(out.links[0]), std::string("vm/v1 uses disk/d1"));
        QCOMPARE(text(out.links[1]), std::string("a/1 related_to b/2"));
        const auto all = merged({out});
        QCOMPARE(all.size(), std::size_t{4});
        QVERIFY(all.at("disk/d1").starts_with("1 "));
        QVERIFY(all.at("vm/v1").starts_with("1 "));
        QVERIFY(all.at("b/2").starts_with("0 "));
    }

    void settingsAddPlacesAndLevels()
    {
        const auto entry = [](std::initializer_list<std::pair<const char *, const char *>> members) {
            Value value = Value::map({});
            for (const auto &[name, member] : members)
                value.set(name, Value::scalar(member));
            return value;
        };
        HandBatch hand;
        hand.add("pod", "p", 0, {{Field::Attrs, R"({"node":{"name":"n1"},"dag":"d","task":"t"})"}});
        const auto stage = makeStage(
            {{"links", Value::list({entry({{"type", "runs_on"}, {"path", "attrs.node.name"}, {"target_type",
                "node"}})})},
             {"hierarchy", Value::list({entry({{"type", "task"}, {"path", "attrs.task"}}),
                                        entry({{"type", "dag"}, {"path", "attrs.dag"}})})}});
        QCOMPARE(linksOf(*stage, hand), (Texts{"pod/p runs_on node/n1", "task/t part_of dag/d"}));
        const auto refused = [&](std::string_view name, Value bad) {
            return !entitiesSpec().makeGlobal(stageSettings(entitiesSpec(), {{name, Value::list({std::move(bad)})}}));
        };
        QVERIFY(refused("links", entry({{"type", "x"}})));
        QVERIFY(refused("links", entry({{"type", "x"}, {"path", "body.a"}})));
        QVERIFY(refused("links", entry({{"type", "x"}, {"path", "attrs..a"}})));
        QVERIFY(refused("hierarchy", entry({{"type", "x"}, {"path", "attrs.a"}, {"pth", "attrs.b"}})));
        QVERIFY(refused("links", Value::scalar("x")));
    }

    void hostileDocumentsDoNoHarm()
    {
        HandBatch hand;
        const std::string deep = R"({"parent":)" + std::string(5'000, '[') + "1";
        for (const std::string_view odd : {std::string_view(deep), std::string_view(R"({"parent":)"),
            std::string_view("\"parent"),
                                           std::string_view(R"({"parent":null,"depends_on":[[],{},{"id":{}},true]})"),
                                           std::string_view(R"({"\u0070arent":"p"})")})
            hand.add("t", "e", 0, {{Field::Attrs, odd}, {Field::Links, odd}, {Field::Entities, odd}});
        const auto stage = makeStage();
        QCOMPARE(linksOf(*stage, hand), (Texts{"t/e part_of t/p"})); // an escaped name is still the name
    }

    /// K105: the graph is optional; a pipeline without it gives the same events and findings.
    void withoutThisStageAllElseIsTheSame()
    {
        HandBatch hand;
        for (int i = 0; i < 400; ++i) {
            hand.addMetric("host-" + std::to_string(i % 4), "cpu_load", i >= 380 ? 99.0 : 34.0 + i * 7 % 5, i);
            hand.add("service", "s" + std::to_string(i % 3), i,
                     {{Field::Step, i % 2 == 0 ? "a" : "b"}, {Field::Attrs, R"({"depends_on":"db"})"}});
        }
        const Registry registry{builtinStages(), {}};
        const StageSpec *entropy = registry.stage("entropy");
        const auto run = [&](bool withGraph) {
            std::vector<Configured<StageSpec>> stages{{entropy, stageSettings(*entropy)}};
            if (withGraph)
                stages.push_back({&entitiesSpec(), stageSettings(entitiesSpec())});
            const auto engine = StageEngine::make(stages, 0);
            StageEngine::Output out;
            const std::vector<std::string> sourceKeys{"capture"};
            engine.value()->process(hand.batch, sourceKeys, nullptr, out);
            return out;
        };
        const StageEngine::Output with = run(true);
        const StageEngine::Output without = run(false);
        QVERIFY(!with.global.entities.empty() && !with.global.links.empty());
        QVERIFY(without.global.entities.empty() && without.global.links.empty());
        QVERIFY(with.findings.size() >= 4);
        QCOMPARE(without.findings.size(), with.findings.size());
        for (std::size_t i = 0; i < with.findings.size(); ++i) {
            QCOMPARE(without.findings[i].id, with.findings[i].id);
            QCOMPARE(without.findings[i].seq, with.findings[i].seq);
            QCOMPARE(without.findings[i].message, with.findings[i].message);
            QCOMPARE(without.findings[i].evidence, with.findings[i].evidence);
        }
        QCOMPARE(without.global.suggestions.size(), with.global.suggestions.size());
    }

    void cutsNeverShowAndStateSurvives()
    {
        HandBatch hand;
        for (int i = 0; i < 300; ++i) {
            const std::string id = "s" + std::to_string(i % 7);
            const std::string event = "e" + std::to_string(i);
            const std::string cause = "e" + std::to_string(i - 3);
            hand.add("service", id, i, {{Field::EventId, event}, {Field::CausationId, cause}, {Field::Step, event}});
        }
        const auto run = [&](std::size_t cut, bool reload, std::set<std::string> &links) {
            auto stage = makeStage({{"recent_events_max", Value::scalar("64")}});
            std::vector<GlobalOutput> outputs;
            for (std::size_t begin = 0; begin < hand.batch.events.size(); begin += cut) {
                GlobalOutput &out = outputs.emplace_back();
                stage->process(hand.batch, begin, std::min(begin + cut, hand.batch.events.size()), {}, out);
                for (const Link &link : out.links)
                    links.insert(text(link));
                if (!reload)
                    continue;
                StateWriter state;
                stage->save(state);
                stage = makeStage({{"recent_events_max", Value::scalar("64")}});
                StateReader in(state.bytes());
                if (!stage->load(in) || !in.finish())
                    return std::map<std::string, std::string>{};
            }
            return merged(outputs);
        };
        std::set<std::string> whole, pieces;
        const auto a = run(300, false, whole);
        const auto b = run(11, true, pieces);
        QCOMPARE(a.size(), std::size_t{7});
        QVERIFY(a == b);
        QCOMPARE(whole.size(), std::size_t{7});
        QVERIFY(whole == pieces);
    }
};

EVENTOPS_TEST(TestEntitiesStage)
#include "tst_entities_stage.moc"
