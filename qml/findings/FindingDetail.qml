// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Layouts
import EventOps.Theme

// Why it is a finding, what shows it, and what may be done about it.
ColumnLayout {
    id: detail
    required property Item finding

    spacing: Theme.metric.space3

    BitsTerms {
        visible: detail.finding.terms.length > 0
        terms: detail.finding.terms
        sumText: detail.finding.bitsText
        Layout.fillWidth: true
        Layout.topMargin: Theme.metric.space1
    }
    MutedText {
        text: detail.finding.name + " · "
              + (detail.finding.evidenceCount === 1 ? qsTr("1 event as evidence")
                                                    : qsTr("%1 events as evidence").arg(detail.finding.evidenceCount))
              + (detail.finding.age !== "" ? " · " + qsTr("%1 ago by the workspace clock").arg(detail.finding.age) : "")
              + (detail.finding.resolvedAt !== "" ? " · " + qsTr("resolved %1").arg(detail.finding.resolvedAt) : "")
        wrapMode: Text.Wrap
        maximumLineCount: 3
        Layout.fillWidth: true
    }
    ActionButton {
        objectName: "suggestionButton"
        visible: detail.finding.suggestedCommand !== ""
        text: detail.finding.suggestionWaits ? qsTr("Decide on %1").arg(detail.finding.suggestedCommand)
                                          : qsTr("%1: %2").arg(detail.finding.suggestedCommand)
                                                          .arg(detail.finding.suggestionState)
        keyName: "A"
        iconName: "arrow-right"
        isPrimary: detail.finding.suggestionWaits
        Layout.fillWidth: true
        Layout.maximumWidth: implicitWidth
        onClicked: detail.finding.suggestionWanted()
    }
    FeedbackBar {
        feedback: detail.finding.feedback
        onFinished: detail.finding.taught()
        Layout.fillWidth: true
    }
}
