<?xml version="1.0" encoding="utf-8"?>
<!-- The documentation of KubernetesClient's models, which is that of the Kubernetes API, as name § text ¶ (white space alone would be lost here). -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="text" encoding="utf-8" />
  <xsl:template match="/">
    <xsl:for-each select="doc/members/member[starts-with(@name, 'P:k8s.Models.') or starts-with(@name, 'T:k8s.Models.')]">
      <xsl:if test="not(contains(@name, 'alpha') or contains(@name, 'beta') or contains(@name, 'Models.V2'))">
        <xsl:value-of select="substring-after(@name, 'k8s.Models.')" />
        <xsl:text>§</xsl:text>
        <xsl:value-of select="normalize-space(summary)" />
        <xsl:text>¶</xsl:text>
      </xsl:if>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
