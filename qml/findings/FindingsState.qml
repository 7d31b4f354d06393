// SPDX-License-Identifier: MIT
import QtQuick
import EventOps.Models
import EventOps.Theme

// The findings when there are none.
Item {
    id: holder
    required property FindingsModel findings
    readonly property bool hasFailed: findings.state === FindingsModel.Failed
    readonly property bool isFiltered: findings.filter !== "" || findings.openOnly

    EmptyState {
        anchors.verticalCenter: parent.verticalCenter
        anchors.horizontalCenter: parent.horizontalCenter
        width: parent.width - 2 * Theme.metric.space5
        tint: holder.hasFailed ? Theme.color.severityError : Theme.color.textMuted
        icon: {
            switch (holder.findings.state) {
            case FindingsModel.Loading: return "hourglass"
            case FindingsModel.Learning: return "activity"
            case FindingsModel.Failed: return "circle-alert"
            default: return "scan-search"
            }
        }
        title: {
            switch (holder.findings.state) {
            case FindingsModel.Loading: return qsTr("Reading the findings …")
            case FindingsModel.Learning: return qsTr("Learning what is normal")
            case FindingsModel.Failed: return holder.findings.problem
            default:
                if (holder.isFiltered)
                    return qsTr("No finding matches")
                return holder.findings.eventsRead === "0" ? qsTr("No events yet") : qsTr("Nothing is wrong")
            }
        }
        next: {
            switch (holder.findings.state) {
            case FindingsModel.Loading: return ""
            case FindingsModel.Learning:
                return qsTr("%1 events read so far. A finding appears when one breaks a rule or is too surprising.")
                    .arg(holder.findings.eventsRead)
            case FindingsModel.Failed:
                return holder.findings.remedy !== "" ? holder.findings.remedy
                                                     : qsTr("It is asked again at the next change.")
            default:
                if (holder.isFiltered)
                    return qsTr("Press / and change or clear the filter; O shows resolved ones again.")
                return holder.findings.eventsRead === "0"
                    ? qsTr("Open a capture or start the demo.")
                    : qsTr("%1 events were read; none broke a rule or was surprising enough. Read more, or lower a "
                           + "threshold in the pipeline's rules.").arg(holder.findings.eventsRead)
            }
        }

        ActionButton {
            text: qsTr("Ask again")
            iconName: "refresh-cw"
            visible: holder.hasFailed
            onClicked: holder.findings.refresh()
        }
    }
}
