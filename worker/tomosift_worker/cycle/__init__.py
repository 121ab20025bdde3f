"""A cycle of the active-learning loop: joins the science to the tables, the volume store and the artifact store."""
