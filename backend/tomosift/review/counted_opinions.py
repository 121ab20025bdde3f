"""The SQL that all figures of the review begin with: of each person one opinion about a subtomogram."""

# As `kit/label_rule.py` counts them: timely before late, newer before older; no skips, no files, no adjudicators.
# Give it the condition that says which events are looked at.
SAID = """
    SELECT DISTINCT ON (e.subtomogram_id, e.user_id)
           e.subtomogram_id, e.user_id, e.kind, coalesce(c.counts_for_id, e.class_id) AS class_id,
           e.kind || coalesce(coalesce(c.counts_for_id, e.class_id)::text, '') AS said
    FROM label_event e
    JOIN user_account u ON u.id = e.user_id AND u.kind <> 'importer'
    LEFT JOIN class_meaning c ON c.class_id = e.class_id AND c.until_version IS NULL
    WHERE e.project_id = :project AND e.kind IN ('class', 'junk', 'unsure') AND e.work <> 'adjudication'
      AND (c.class_id IS NULL OR c.counts_for_id IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM label_event undo WHERE undo.undoes_event_id = e.id) {condition}
    ORDER BY e.subtomogram_id, e.user_id, e.late, e.id DESC
"""
ABOUT_SEVERAL = """
    AND e.subtomogram_id IN (
        SELECT l.subtomogram_id FROM current_label l WHERE l.project_id = :project AND l.opinion_count > 1
    )
"""
