"""Any model, whoever wrote it, through one face."""
