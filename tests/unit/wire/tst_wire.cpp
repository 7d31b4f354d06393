// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/wire/calls.h"
#include "core/wire/packets.h"
#include "core/wire/session_forms.h"
#include "tests/unit/wire/filled.h"

#include <QtCore/QElapsedTimer>

using namespace eventops;

namespace {

/// Rounds of each random test; the full count: EVENTOPS_FUZZ_ROUNDS.
int roundsOf(int usual)
{
    bool given = false;
    const int rounds = qEnvironmentVariableIntValue("EVENTOPS_FUZZ_ROUNDS", &given);
    return given ? rounds : usual;
}

/// Empty: what is made comes back bit for bit, and differs from another one.
template <typename T>
std::string roundTrip(test::Filler &filler)
{
    const T made = filler.make<T>();
    const std::string bytes = wire::encode(made);
    const auto back = wire::decode<T>(bytes);
    if (!back)
        return back.error().text();
    return wire::encode(back.value()) == bytes ? std::string() : std::string("comes back as something else");
}

/// Reads bytes that somebody altered. True: they were taken for a value.
template <typename T>
bool readAltered(test::Filler &filler)
{
    std::string bytes = wire::encode(filler.make<T>());
    for (std::uint64_t times = 1 + filler.number(4); times > 0 && !bytes.empty(); --times) {
        const std::size_t at = filler.number(bytes.size());
        switch (filler.number(4)) {
        case 0: bytes[at] = static_cast<char>(filler.number(256)); break;
        case 1: bytes.resize(at); break;
        case 2: bytes.insert(at, 1, static_cast<char>(filler.number(256))); break;
        default: bytes.replace(at, 1, "\xff\xff\xff\xff\x7f"); break; // a large count
        }
    }
    const auto read = wire::decode<T>(bytes);
    if (read) // then it is one that could have been written
        Q_ASSERT(wire::decode<T>(wire::encode(read.value())));
    return static_cast<bool>(read);
}

/// One of the values of one call.
struct Kind {
    std::string name;
    std::string (*roundTrip)(test::Filler &) = nullptr;
    bool (*readAltered)(test::Filler &) = nullptr;
};

struct MakeKinds {
    template <auto Method>
    static std::vector<Kind> make()
    {
        using Of = wire::SignatureOf<Method>;
        const std::string name = "call " + std::to_string(wire::Calls::number<Method>());
        std::vector<Kind> kinds;
        arguments(static_cast<typename Of::Arguments *>(nullptr), name, kinds);
        if constexpr (!std::is_void_v<typename Of::Page>)
            add<typename Of::Page>(name + " page", kinds);
        if constexpr (!std::is_void_v<typename Of::Answer>)
            add<typename Of::Answer>(name + " answer", kinds);
        return kinds;
    }

private:
    template <typename... A>
    static void arguments(std::tuple<A...> *, const std::string &name, std::vector<Kind> &kinds)
    {
        (add<A>(name + " argument", kinds), ...);
    }
    template <typename T>
    static void add(const std::string &name, std::vector<Kind> &kinds)
    {
        kinds.push_back({name, roundTrip<T>, readAltered<T>});
    }
};

std::vector<Kind> allKinds()
{
    std::vector<Kind> all;
    for (const std::vector<Kind> &kinds : wire::Calls::table<MakeKinds>())
        all.insert(all.end(), kinds.begin(), kinds.end());
    all.push_back({"caller", roundTrip<Caller>, readAltered<Caller>});
    return all;
}

} // namespace

/// The bytes that an attached console and its engine exchange.
class TestWire : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyValueOfEveryCallComesBackAsItWas();
    void alteredBytesAreRefusedOrReadAndNothingElse();
    void aCountIsHeldAgainstTheBytesThatFollow();
    void numbersOutOfRangeAreRefused();
    void whatPointsNowhereIsRefused();
    void aPageOfEventsKeepsTextsTimesPlacesAndRawBytes();
    void anEventWithoutARecordIsNoTrouble();
    void partsOfAPageMakeThePage();
    void packetsComeBackAndStrangersAreTold();
    void anotherVersionIsNamedWithTheRemedy();
    void everyCallHasANumberOfItsOwn();
};

void TestWire::everyValueOfEveryCallComesBackAsItWas()
{
    test::Filler filler(1);
    for (const Kind &kind : allKinds()) {
        for (int round = 0; round < roundsOf(50); ++round) {
            const std::string failure = kind.roundTrip(filler);
            QVERIFY2(failure.empty(), (kind.name + ": " + failure).c_str());
        }
    }
}

void TestWire::alteredBytesAreRefusedOrReadAndNothingElse()
{
    test::Filler filler(2);
    int refused = 0, read = 0;
    for (const Kind &kind : allKinds()) {
        for (int round = 0; round < roundsOf(200); ++round)
            ++(kind.readAltered(filler) ? read : refused);
    }
    QVERIFY(refused > read / 4); // the alterations do alter
    QVERIFY(read > 0);
}

void TestWire::aCountIsHeldAgainstTheBytesThatFollow()
{
    wire::Writer out;
    out(std::uint64_t{1} << 40); // so many findings, they say
    out(std::string(1'000, '\0'));
    QElapsedTimer timer;
    timer.start();
    const auto read = wire::decode<std::vector<Finding>>(out.take());
    QVERIFY(!read);
    QCOMPARE(read.error().code, Error::Code::InvalidInput);
    QVERIFY(timer.elapsed() < 1'000);

    // Each of these bytes could be an entity; together they would be half a gigabyte.
    const std::size_t count = wire::Reader::MemoryBytesMax / sizeof(Entity) * 4;
    wire::Writer many;
    many(count);
    const auto large = wire::decode<std::vector<Entity>>(many.take() + std::string(count, '\0'));
    QVERIFY(!large);
    QVERIFY(large.error().message.find("memory") != std::string::npos);
}

void TestWire::numbersOutOfRangeAreRefused()
{
    QVERIFY(!wire::decode<std::uint32_t>(wire::encode(std::uint64_t{1} << 32)));
    QVERIFY(wire::decode<std::uint32_t>(wire::encode((std::uint64_t{1} << 32) - 1)));
    QVERIFY(!wire::decode<ActionState>(wire::encode(std::uint8_t{11})));
    QVERIFY(wire::decode<ActionState>(wire::encode(std::uint8_t{10})));
    QVERIFY(!wire::decode<bool>(wire::encode(std::uint8_t{2})));
    QVERIFY(!wire::decode<std::uint64_t>(std::string(11, '\xff')));
    QVERIFY(!wire::decode<std::uint64_t>(wire::encode(std::uint64_t{1}) + "x")); // left over
    QCOMPARE(wire::decode<WallNs>(wire::encode(NoTime)).value(), NoTime);

    const Error error{Error::Code::NotFound, "there is no event", {"a.yaml", 3, 4}, "look elsewhere"};
    const std::string bytes = wire::encode(error);
    wire::Reader errorIn(bytes);
    Error read;
    errorIn(read);
    QVERIFY(errorIn.finish());
    QCOMPARE(read.text(), error.text());
    QCOMPARE(read.code, error.code);
}

void TestWire::whatPointsNowhereIsRefused()
{
    StepMachine machine;
    machine.steps.resize(2);
    machine.edges.push_back({});
    machine.edges[0].to = 1;
    QVERIFY(wire::decode<StepMachine>(wire::encode(machine)));
    machine.edges[0].to = 2;
    QVERIFY(!wire::decode<StepMachine>(wire::encode(machine)));

    EventColumns columns;
    columns.ts = {NoTime};
    columns.severity = {Severity::Info};
    columns.lane = {0};
    columns.laneNames = {"host"};
    QVERIFY(wire::decode<EventColumns>(wire::encode(columns)));
    columns.lane = {1};
    QVERIFY(!wire::decode<EventColumns>(wire::encode(columns)));
    columns.lane = {0};
    columns.severity.clear();
    QVERIFY(!wire::decode<EventColumns>(wire::encode(columns)));

    SqlPage page;
    page.columns.resize(2);
    page.rows = {{{}, {}}};
    QVERIFY(wire::decode<SqlPage>(wire::encode(page)));
    page.rows[0].pop_back();
    QVERIFY(!wire::decode<SqlPage>(wire::encode(page)));

    QVERIFY(!wire::decode<EventStory>(wire::encode(EventStory())));
}

void TestWire::aPageOfEventsKeepsTextsTimesPlacesAndRawBytes()
{
    EventPage page;
    const auto chunk = std::make_shared<RawChunk>();
    chunk->bytes = "{\"a\":1}{\"b\":2}";
    page.batch.chunks = {chunk};
    page.batch.tsIngest = WallNs{17};
    for (std::uint32_t i = 0; i < 2; ++i) {
        page.batch.records.push_back({});
        page.batch.records.back().seq = 40 + i;
        page.batch.records.back().offset = 7 * i;
        page.batch.records.back().size = 7;
        page.batch.events.push_back({});
        Event &event = page.batch.events.back();
        event.record = i;
        event.tsEvent = WallNs{1'000 + i};
        event.severity = Severity{14}; // between two names
        event[Field::Tenant] = page.batch.strings.intern("acme");
        event[Field::Message] = page.batch.strings.intern("");
    }
    page.rows = {1}; // the other one matched nothing
    page.places = {4'711};

    const auto back = wire::decode<EventPage>(wire::encode(page));
    QVERIFY2(back, back ? "" : back.error().text().c_str());
    const EventPage &read = back.value();
    QCOMPARE(read.rows, std::vector<std::uint32_t>{0});
    QCOMPARE(read.places, std::vector<std::uint64_t>{4'711});
    QCOMPARE(read.batch.events.size(), std::size_t{1});
    const Event &event = read.batch.events[0];
    QCOMPARE(event.tsEvent, WallNs{1'001});
    QCOMPARE(event.severity, Severity{14});
    QCOMPARE(read.batch.text(event, Field::Tenant), std::string_view("acme"));
    QVERIFY(event[Field::Message] != NoStr); // empty is not absent
    QVERIFY(event[Field::EntityId] == NoStr);
    QCOMPARE(read.batch.raw(read.batch.records[event.record]), std::string_view("{\"b\":2}"));
    QCOMPARE(read.batch.records[0].seq, Seq{41});
    QCOMPARE(read.batch.tsIngest, WallNs{17});
}

void TestWire::anEventWithoutARecordIsNoTrouble()
{
    EventPage page;
    page.batch.events.resize(1);
    page.batch.events[0][Field::Tenant] = page.batch.strings.intern("acme");
    page.rows = {0};
    QCOMPARE(wire::rowsOfAbout(page, 0, 1), std::size_t{1});
    const auto back = wire::decode<EventPage>(wire::encode(page));
    QVERIFY(back);
    const EventPage &read = back.value();
    QCOMPARE(read.batch.text(read.batch.events[0], Field::Tenant), std::string_view("acme"));
    QVERIFY(read.batch.raw(read.batch.records[0]).empty());
}

void TestWire::partsOfAPageMakeThePage()
{
    test::Filler filler(3);
    EventPage page;
    while (page.rows.size() < 3)
        page = filler.make<EventPage>();
    std::size_t parts = 0;
    std::vector<Seq> seqs;
    for (std::size_t begin = 0; begin < page.rows.size(); ++parts) {
        const std::size_t rows = wire::rowsOfAbout(page, begin, 1);
        QCOMPARE(rows, std::size_t{1}); // at least one, however large
        wire::Writer out;
        wire::writeEventPage(out, page, begin, begin + rows);
        const auto part = wire::decode<EventPage>(out.take());
        QVERIFY(part);
        for (const std::uint32_t row : part.value().rows)
            seqs.push_back(part.value().batch.records[part.value().batch.events[row].record].seq);
        begin += rows;
    }
    QCOMPARE(parts, page.rows.size());
    for (std::size_t row = 0; row < page.rows.size(); ++row)
        QCOMPARE(seqs[row], page.batch.records[page.batch.events[page.rows[row]].record].seq);
    QCOMPARE(wire::rowsOfAbout(page, 0, 1u << 20), page.rows.size());
}

void TestWire::packetsComeBackAndStrangersAreTold()
{
    const std::string bytes = wire::packet(wire::PacketKind::Page, 300, "body");
    const auto read = wire::readPacket(bytes);
    QVERIFY(read);
    QCOMPARE(read.value().kind, wire::PacketKind::Page);
    QCOMPARE(read.value().call, std::uint64_t{300});
    QCOMPARE(read.value().body, std::string_view("body"));
    QVERIFY(!wire::readPacket(""));
    QVERIFY(!wire::readPacket("\x30"));
    QVERIFY(!wire::readPacket("\x05")); // a page of no call
    QVERIFY(!wire::readHello("GET / HTTP/1.1"));
    QVERIFY(wire::readHello(wire::helloBody({7, "1.0"}) + "more, said by a later version"));
    const auto stranger = wire::readWelcome({wire::PacketKind::Page, 1, {}}, {});
    QVERIFY(!stranger);
    QVERIFY(stranger.error().message.find("no engine") != std::string::npos);
}

void TestWire::anotherVersionIsNamedWithTheRemedy()
{
    const wire::Greeting console{wire::PacketVersion, "1.2.0"};
    const wire::Greeting older{0, "0.9.0"}, newer{wire::PacketVersion + 1, "2.0.0"};
    const std::string body = wire::welcomeBody(newer, {"me", Role::Viewer, {}});
    const auto met = wire::readWelcome({wire::PacketKind::Welcome, 0, body}, console);
    QVERIFY(!met);
    QCOMPARE(met.error().code, Error::Code::Refused);
    QVERIFY(met.error().message.find("2.0.0") != std::string::npos);
    QVERIFY(met.error().message.find("1.2.0") != std::string::npos);
    QVERIFY(met.error().remedy.find("update the console") != std::string::npos);
    QVERIFY(wire::versionMismatch(older, console).remedy.find("update the engine") != std::string::npos);

    const std::string refusal = wire::refusalBody(newer, wire::versionMismatch(newer, console));
    const auto refused = wire::readWelcome({wire::PacketKind::Refusal, 0, refusal}, console);
    QVERIFY(!refused);
    QCOMPARE(refused.error().text(), wire::versionMismatch(newer, console).text());
}

void TestWire::everyCallHasANumberOfItsOwn()
{
    QCOMPARE(wire::Calls::number<&Backend::events>(), std::uint8_t{0}); // for ever
    QCOMPARE(wire::Calls::number<&Backend::doctor>(), std::uint8_t{32});
    QCOMPARE(wire::Calls::count, std::size_t{34});
    static_assert(std::is_same_v<wire::SignatureOf<&Backend::findings>::Page, std::vector<Finding>>);
    static_assert(std::is_same_v<wire::SignatureOf<&Backend::findings>::Answer, Ok>);
    static_assert(
        std::is_same_v<wire::SignatureOf<&Backend::aggregate>::Arguments, std::tuple<std::string, AggregateQuery>>);
    static_assert(std::is_void_v<wire::SignatureOf<&Backend::subscribe>::Answer>);
    static_assert(wire::isLevel<wire::SignatureOf<&Backend::subscribe>::Page>);
}

EVENTOPS_TEST(TestWire)
#include "tst_wire.moc"
