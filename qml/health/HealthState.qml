// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Models
import EventOps.Theme

// Health when there is nothing to judge.
Item {
    id: holder
    required property HealthModel health
    readonly property bool hasFailed: health.state === HealthModel.Failed

    EmptyState {
        anchors.verticalCenter: parent.verticalCenter
        anchors.horizontalCenter: parent.horizontalCenter
        width: Math.min(parent.width - 2 * Theme.metric.space5, Theme.metric.space5 * 20)
        tint: holder.hasFailed ? Theme.color.severityError : Theme.color.textMuted
        icon: {
            switch (holder.health.state) {
            case HealthModel.Loading: return "hourglass"
            case HealthModel.Learning: return "activity"
            case HealthModel.Failed: return "circle-alert"
            default: return "heart-pulse"
            }
        }
        title: {
            switch (holder.health.state) {
            case HealthModel.Loading: return qsTr("Asking the engine …")
            case HealthModel.Learning: return qsTr("Reading the first records")
            case HealthModel.Failed: return holder.health.problem
            default: return qsTr("Nothing has run here yet")
            }
        }
        next: {
            switch (holder.health.state) {
            case HealthModel.Loading: return ""
            case HealthModel.Learning: return holder.health.progressText
            case HealthModel.Failed:
                return holder.health.remedy !== "" ? holder.health.remedy : qsTr("It is asked again at the next change.")
            default: return qsTr("Open a capture or start the demo to see what becomes of each record.")
            }
        }

        ActionButton {
            text: qsTr("Ask again")
            iconName: "refresh-cw"
            visible: holder.hasFailed
            onClicked: holder.health.refresh()
        }
    }
}
