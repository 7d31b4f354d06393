// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Theme

// The machine when there is none.
Item {
    id: holder
    property string problem

    EmptyState {
        anchors.verticalCenter: parent.verticalCenter
        anchors.horizontalCenter: parent.horizontalCenter
        width: parent.width - 2 * Theme.metric.space5
        icon: holder.problem !== "" ? "circle-alert" : "workflow"
        tint: holder.problem !== "" ? Theme.color.severityError : Theme.color.textMuted
        title: holder.problem !== "" ? holder.problem : qsTr("No cases learned yet")
        next: holder.problem !== "" ? ""
            : qsTr("Needed: events that name an entity and a step of its life (order o-1: created, paid, shipped), and "
                   + "a pipeline with the entropy stage. The machine is drawn from the ways that cases took.")
    }
}
