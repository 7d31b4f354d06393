// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Models
import EventOps.Theme

// The queue when it holds nothing.
Item {
    id: holder
    required property ApprovalsModel queue
    readonly property bool hasFailed: queue.state === ApprovalsModel.Failed

    EmptyState {
        anchors.verticalCenter: parent.verticalCenter
        anchors.horizontalCenter: parent.horizontalCenter
        width: parent.width - 2 * Theme.metric.space5
        tint: holder.hasFailed ? Theme.color.severityError : Theme.color.textMuted
        icon: {
            switch (holder.queue.state) {
            case ApprovalsModel.Loading: return "hourglass"
            case ApprovalsModel.Learning: return "activity"
            case ApprovalsModel.Failed: return "circle-alert"
            default: return "shield-check"
            }
        }
        title: {
            switch (holder.queue.state) {
            case ApprovalsModel.Loading: return qsTr("Reading the queue …")
            case ApprovalsModel.Learning: return qsTr("Nothing to decide yet")
            case ApprovalsModel.Failed: return holder.queue.problem
            default: return qsTr("Nothing waits for you")
            }
        }
        next: {
            switch (holder.queue.state) {
            case ApprovalsModel.Loading: return ""
            case ApprovalsModel.Learning:
                return qsTr("%1 events read so far. A suggestion appears here as soon as a finding has a policy.")
                    .arg(holder.queue.eventsRead)
            case ApprovalsModel.Failed:
                return holder.queue.remedy !== "" ? holder.queue.remedy : qsTr("It is asked again at the next change.")
            default:
                return qsTr("Open a capture or start the demo; what the policies suggest will wait here.")
            }
        }

        ActionButton {
            text: qsTr("Ask again")
            iconName: "refresh-cw"
            visible: holder.hasFailed
            onClicked: holder.queue.refresh()
        }
    }
}
