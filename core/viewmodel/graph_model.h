// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/layout_worker.h"
#include "core/viewmodel/graph_snapshot.h"
#include "core/viewmodel/view_context.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>
#include <QTimer>

#include <memory>
#include <vector>

namespace eventops {

/// Entities and links of the workspace with their places in a drawing, the common selection in it, and what lies near.
/// Reads anew after changes, at most every LoadPauseMs and never longer than a fifth of the time; laid out on a thread
/// of its own, where entities that are there already keep their places.
/// Thread: UI. Nothing here takes longer than O(nodes) of simple work.
class GraphModel final : public QObject
{
    Q_OBJECT

public:
    enum class State {
        Loading, ///< Nothing to show yet.
        Empty,   ///< There is no entity.
        Failed,  ///< errorText says why; an older graph may still be shown.
        Placing, ///< Known, and being laid out for the first time.
        Ready,
    };
    Q_ENUM(State)

    explicit GraphModel(ViewContext &context, QObject *parent = nullptr);
    ~GraphModel() override;

    State state() const { return m_state; }
    const QString &errorText() const { return m_error; }

    /// The graph that positions() belong to; never null. Both change together, with graphChanged.
    const GraphSnapshot &graph() const { return *m_graph; }
    const std::vector<LayoutPoint> &positions() const { return *m_positions; }

    /// The node of the common selection, or -1: nothing selected, or not drawn.
    int selected() const { return m_selected; }
    void select(int node); ///< Sets the common selection.
    QString titleOf(int node) const;       ///< Its id, fit to be shown.
    QString descriptionOf(int node) const; ///< A few lines of plain text.

    /// Nodes whose id or type contains @p text, ASCII case ignored: exact ids first, then beginnings, then the rest.
    std::vector<int> find(const QString &text, std::size_t nodesMax = FoundMax) const;

    static constexpr int LoadPauseMs = 400;
    static constexpr std::size_t FoundMax = 50;

public Q_SLOTS:
    void reload();

Q_SIGNALS:
    void stateChanged();
    void graphChanged();     ///< Other nodes, links or places.
    void findingsChanged();  ///< The same nodes and links at the same places; what is known of them is new.
    void selectedChanged(int node);

private:
    void request();
    void loadLinks(std::shared_ptr<GraphBuilder> builder);
    void loadFindings(std::shared_ptr<GraphBuilder> builder);
    void loadEnded();
    void failed(const Error &error);
    void take(std::shared_ptr<const GraphSnapshot> graph);
    void placed(const std::shared_ptr<const GraphSnapshot> &graph, const LayoutPlaces &places);
    void setState(State state);
    void followSelection();

    ViewContext &m_context;
    ReceiverGuard m_guard;
    State m_state = State::Loading;
    QString m_error;
    std::shared_ptr<const GraphSnapshot> m_graph;
    LayoutPlaces m_positions;
    Ticket m_ticket;
    bool m_loading = false, m_placing = false, m_again = false;
    std::uint64_t m_revision = 0;
    QElapsedTimer m_sinceLoad;
    QTimer m_pause;
    int m_selected = -1;
    LayoutWorker m_worker; // last: its thread ends before what it uses
};

} // namespace eventops
