FROM base
LABEL is=other
