"""Any result as text. Nothing here prints, decides or looks."""
